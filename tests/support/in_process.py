"""The whole product in one process, around a sandbox Cronofy on a real socket: journeys and worker
tests live in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker

from domain.accounts import Profile
from domain.coaches import Coach
from storage.rows import coaches, connections, push_marks, refresh_jobs
from storage.rows.connections import AccountInUse
from storage.schema import tables
from storage.slots import listings, slot_sets
from tests.support import people
from tests.support.memory_mailer import MemoryMailer
from tests.support.sandbox import Control, Sandbox
from workers.bootstrap import Runtime, bootstrap, create_services
from workers.broker import WORKER_TIMEOUT
from workers.budget import Budget
from workers.cronofy.client import Cronofy
from workers.cronofy.sandbox.control import ReadyAccount
from workers.jobs import account_linking as connecting
from workers.jobs import freebusy
from workers.services import Services
from workers.settings import Settings

# Nobody listens there: what is pushed to it is refused at once. Journeys that need pushes say where
# the web is.
BROWSER = "the secret of a browser"
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Connected:
    """A coach's account that went through the real connect flow."""

    connection_id: str
    seat: ReadyAccount

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

    def introduce(self, coach: Coach = people.ADA) -> Coach:
        with self.runtime.services.database.write() as tx:
            stored = coaches.put(tx, coach)
            slot_sets.recompute(tx, stored, now=self.runtime.services.now())
        return stored

    def connect(self, coach_id: str = "ada", **account: Any) -> Connected:
        """Link, consent, callback; the first read is owed and not made."""
        seat = self.control.create_account(coach_id, **account)
        return Connected(self._agree(coach_id, seat), seat)

    def connect_again(self, connected: Connected, coach_id: str = "ada") -> str:
        return self._agree(coach_id, connected.seat)

    def _agree(self, coach_id: str, seat: ReadyAccount) -> str:
        services = self.runtime.services
        link = connecting.begin(services, coach_id, browser=BROWSER)
        assert link is not None
        back = parse_qs(urlsplit(self.control.consent(link, profile=seat.profiles[0])).query)
        (state,), (code,) = back["state"], back["code"]
        connecting.come_back(services, state, browser=BROWSER, code=code, declined=False)
        ended = connecting.confirm(services, self.runtime.actors, state, browser=BROWSER)
        if ended.outcome == "in_use":
            raise AccountInUse
        with services.database.read() as tx:
            connection_id = connections.owner_of(tx, seat.sub)
        assert connection_id
        return connection_id

    def refresh(self, connection_id: str) -> bool:
        return freebusy.refresh(self.runtime.services, connection_id)

    def mark_dirty(self, connection_id: str) -> bool:
        return people.mark_dirty(self.runtime.services.database, connection_id)

    def mark_dirty_with_userinfo(self, connection_id: str) -> None:
        with self.runtime.services.database.write() as tx:
            push_marks.mark_dirty(tx, connection_id, userinfo=True)

    def mark_for_erasure(self, connection_id: str) -> None:
        with self.runtime.services.database.write() as tx:
            push_marks.mark_dirty(tx, connection_id, erase=True)

    def profile(self, connected: Connected, coach_id: str = "ada") -> Profile:
        """The account's first profile, as we know it."""
        with self.runtime.services.database.read() as tx:
            found = [
                one
                for one in connections.of_coach(tx, coach_id)
                if one.id == connected.connection_id
            ]
        assert found, "the connection is gone"
        return found[0].profiles[0]

    def owed(self, connection_id: str) -> bool:
        with self.runtime.services.database.read() as tx:
            return refresh_jobs.owed(tx, [connection_id]) == [connection_id]

    def listing(self, coach_id: str = "ada") -> listings.Listing:
        return people.listing(
            self.runtime.services.database, coach_id, now=self.runtime.services.now()
        )

    def set_row(self, connection_id: str, **values: object) -> None:
        """What time or a crash does to a connection's row."""
        with self.runtime.services.database.write() as tx:
            tx.execute(
                tables.connections.update()
                .where(tables.connections.c.id == connection_id)
                .values(values)
            )


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
    }
    return Settings(**values | changes)


def client(services: Services, origin: str, client_id: str, secret: str) -> Cronofy:
    """Shorter pauses than the product's: a test that makes every try fail need not wait for long.
    The product's deadline: a machine that others use takes seconds for an answer.
    """
    budget = Budget(services.redis, per_second=1000, per_minute=10_000)
    return Cronofy(
        origin, origin, client_id, secret, budget, sleep=lambda seconds: sleep(seconds / 10)
    )


@contextmanager
def built(
    database_url: str, redis_url: str, *, now: datetime = people.NOW, **changes: Any
) -> Iterator[House]:
    """Everything but the processes; the product's clock and the sandbox's stand at `now`."""
    with Sandbox(seeds=(), now=now, page_size=3) as sandbox:
        settings = settings_for(sandbox, database_url, redis_url, **changes)
        services = create_services(settings, redis_timeout=WORKER_TIMEOUT)
        cronofy = client(services, sandbox.origin, sandbox.client_id, sandbox.client_secret)
        services = replace(services, now=lambda: now, cronofy=cronofy)
        if settings.mailer == "console":
            services = replace(services, mailer=MemoryMailer())
        runtime = bootstrap(settings, services=services, broker=StubBroker())
        try:
            yield House(runtime, sandbox)
        finally:
            runtime.close()


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[House]:
    with built(database_url, redis_url) as house:
        yield house
