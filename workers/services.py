"""What a task may use: handed down, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis

from storage.database import Database
from storage.vault import Vault
from workers.cronofy.client import Cronofy
from workers.mailer import Mailer
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """`now` is the product's clock (aware UTC); leases never use it, they use the database's."""

    settings: Settings
    database: Database
    vault: Vault
    cronofy: Cronofy
    redis: redis.Redis
    mailer: Mailer
    now: Callable[[], datetime]
