"""What a task may use: handed down, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

import redis

from domain.sessions import Terms
from storage.schema.database import Database
from storage.schema.vault import Vault
from workers.breaker import RedisBreaker
from workers.cronofy.client import Cronofy
from workers.delivery.webhook_receivers import Receivers
from workers.delivery.webhook_sender import Receiver
from workers.mailer import Mailer
from workers.once import Once
from workers.settings import Settings
from workers.skew import ClockOff, ProductClock
from workers.staleness import Staleness
from workers.waiting import WaitsForNeighbours


@dataclass(frozen=True, slots=True)
class Services:
    """`now` is the product's clock (aware UTC), and raises ClockOff; leases never use it, they use
    the database's.
    `mail_turns`: for who hands the mail server a mail, fewer than there are threads.
    `receiver`: where callbacks go by the settings, if anywhere; `receivers`: and elsewhere.
    `breaker`: whether Redis is to be left alone. `waiting`: for whom something waits to be well.
    """

    settings: Settings
    database: Database
    vault: Vault
    cronofy: Cronofy
    redis: redis.Redis
    breaker: RedisBreaker
    once: Once
    mailer: Mailer
    mail_turns: BoundedSemaphore
    receiver: Receiver | None
    receivers: Receivers
    clock: ProductClock
    staleness: Staleness
    waiting: WaitsForNeighbours
    now: Callable[[], datetime]

    def corrected_now(self) -> datetime:
        """The same, but never refused:
        for writing down what has happened already, and for showing how things are.
        """
        # A mail that went out while the clock stepped has to be written down as sent: refused, it
        # would go again.
        try:
            return self.now()
        except ClockOff as error:
            return error.right

    def stale_after(self) -> timedelta:
        """From how long without a read on a calendar is stale."""
        return self.staleness.after()

    def terms(self) -> Terms:
        """What a booking made now obeys."""
        settings = self.settings
        return Terms(
            now=self.now(),
            stale_after=self.stale_after(),
            late=timedelta(hours=settings.late_cancel_hours),
            remind=timedelta(hours=settings.remind_hours),
            remind_pods=timedelta(hours=settings.remind_pods_hours),
            uid_domain=settings.sender.domain,
            callbacks=settings.callback_url is not None,
            link_wait=timedelta(seconds=settings.link_wait_seconds),
            places=settings.places,
        )
