"""The whole product in one process, around a sandbox Cronofy on a real socket: what journeys and worker tests live in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker

from domain.coaches import Coach
from storage import coaches, connections, slots, tables
from tests import cast
from workers import connections as connecting
from workers import freebusy
from workers.bootstrap import Runtime, bootstrap, create_services
from workers.cronofy.sandbox.control import Control, Seat
from workers.cronofy.sandbox.server import Sandbox
from workers.settings import Settings

# Nobody listens there: what is pushed to it is refused at once. Journeys that need pushes say where the web is.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Connected:
    """A coach's account that went through the real connect flow."""

    connection_id: str
    seat: Seat

    @property
    def calendar(self) -> str:
        return self.seat.calendars[0]


@dataclass
class House:
    runtime: Runtime
    sandbox: Sandbox

    @property
    def control(self) -> Control:
        return self.sandbox.control

    def introduce(self, coach: Coach = cast.ADA) -> Coach:
        with self.runtime.services.database.write() as tx:
            stored = coaches.put(tx, coach)
            slots.recompute(tx, stored, now=self.runtime.services.now())
        return stored

    def connect(self, coach_id: str = "ada", **account: Any) -> Connected:
        """Link, consent, callback; the first read is owed and not made."""
        seat = self.control.create_account(coach_id, **account)
        link = connecting.begin(self.runtime.services, coach_id)
        assert link is not None
        callback = parse_qs(urlsplit(self.control.consent(link, profile=seat.profiles[0])).query)
        services = self.runtime.services
        assert connecting.redeem(services, callback["state"][0]) == coach_id
        return Connected(connecting.complete(services, self.runtime.actors, coach_id, callback["code"][0]), seat)

    def refresh(self, connection_id: str) -> bool:
        return freebusy.refresh(self.runtime.services, connection_id)

    def mark_dirty(self, connection_id: str) -> bool:
        return cast.mark_dirty(self.runtime.services.database, connection_id)

    def owed(self, connection_id: str) -> bool:
        with self.runtime.services.database.read() as tx:
            return connections.owed(tx, [connection_id]) == [connection_id]

    def listing(self, coach_id: str = "ada") -> slots.Listing:
        return cast.listing(self.runtime.services.database, coach_id, now=self.runtime.services.now())

    def set_row(self, connection_id: str, **values: object) -> None:
        """What time or a crash does to a connection's row."""
        with self.runtime.services.database.write() as tx:
            tx.execute(tables.connections.update().where(tables.connections.c.id == connection_id).values(values))


def settings_for(sandbox: Sandbox, database_url: str, redis_url: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "public_url": NOWHERE,
        "secret_keys": Fernet.generate_key().decode(),
        "cronofy_client_id": sandbox.client_id,
        "cronofy_client_secrets": sandbox.client_secret,
        "cronofy_origin": sandbox.origin,
        "minimum_gap_seconds": 0.001,
        "rate_per_second": 1000,
        "rate_per_minute": 10_000,
    }
    return Settings(**values | changes)


@contextmanager
def built(database_url: str, redis_url: str, *, now: datetime = cast.NOW, **changes: Any) -> Iterator[House]:
    """Everything but the processes; the product's clock and the sandbox's stand at `now`."""
    with Sandbox(seeds=(), now=now, page_size=3) as sandbox:
        settings = settings_for(sandbox, database_url, redis_url, **changes)
        services = replace(create_services(settings), now=lambda: now)
        runtime = bootstrap(settings, services=services, broker=StubBroker())
        try:
            yield House(runtime, sandbox)
        finally:
            runtime.close()


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[House]:
    with built(database_url, redis_url) as house:
        yield house


def in_hours(start: datetime, hours: float) -> datetime:
    return start + timedelta(hours=hours)
