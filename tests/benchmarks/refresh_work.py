"""What one refresh reads, and a town of connections that are refreshed without an upstream: the
answer's bytes are there already.
"""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any

import orjson
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker

from domain.accounts import Account
from domain.freebusy import Reading
from storage.rows import channels
from storage.rows.connections import SealedTokens
from storage.schema import tables
from storage.schema.database import Database
from tests.support import people
from tests.support.http_client import settings_for
from workers import logs
from workers.bootstrap import Runtime, bootstrap, create_services
from workers.cronofy.client import Cronofy
from workers.cronofy.wire import Grant, read_free_busy, read_page
from workers.jobs import freebusy, tokens
from workers.services import Services

ITEMS = 1_000
NOBODY = "http://127.0.0.1:9"
FIRST = datetime(2026, 6, 1, tzinfo=UTC)
ANSWERS = 8
COACH = people.coach(horizon_days=90, durations=(30, 45, 60, 90))


def read(raw: bytes) -> Reading:
    return read_free_busy([read_page(raw)])


def free_busy(chance: random.Random, all_day: float) -> bytes:
    """One page over 90 days, two calendars, mostly busy."""
    items = [_item(chance, all_day=chance.random() < all_day) for _ in range(ITEMS)]
    return orjson.dumps({"pages": {"current": 1, "total": 1}, "free_busy": items})


def _item(chance: random.Random, *, all_day: bool) -> dict[str, Any]:
    start = FIRST + timedelta(minutes=chance.randrange(90 * 1440))
    end = start + timedelta(minutes=chance.choice((17, 30, 45, 60, 90)))
    shape = "%Y-%m-%dT%H:%M:%SZ"
    if all_day:
        end, shape = start + timedelta(days=1), "%Y-%m-%d"
    return {
        "calendar_id": chance.choice(
            ("cal_ZfDA3mXwwN5l8MDe_k3Jq8mR1xTzYw0aB", "cal_ZfDA3mXwwN5l8MDe_h0L1dAy5uKxQz9sT")
        ),
        "start": start.strftime(shape),
        "end": end.strftime(shape),
        "free_busy_status": chance.choice(("busy",) * 8 + ("tentative", "unknown")),
    }


class Answered(Cronofy):
    """A client whose upstream takes no time: each read brings the next of a few answers, so that
    each finds something new.
    """

    def answer(self, raws: list[bytes]) -> None:
        self._raws = cycle(raws)

    def userinfo(self, access: str) -> Account:
        return replace(people.ACCOUNT, sub=f"acc-{secrets.token_hex(4)}")

    def free_busy(self, access: str, *, since: date, until: date, zone: str) -> Reading:
        return read(next(self._raws))


@dataclass
class Refreshing:
    """A worker's runtime, without a broker that sends."""

    runtime: Runtime

    @property
    def services(self) -> Services:
        return self.runtime.services

    def owe(self, connection_id: str) -> None:
        people.mark_dirty(self.services.database, connection_id)

    def refresh(self, connection_id: str) -> None:
        freebusy.refresh(self.services, connection_id)


@contextmanager
def refreshing(database_url: str, key: str) -> Iterator[Refreshing]:
    """`key`: what the tokens are sealed with."""
    settings = settings_for(
        database_url, "redis://127.0.0.1:1/0", secret_keys=key, minimum_gap_seconds=0.001
    )
    # A line for each refresh is for who operates it; "missed_push" follows from marking by hand.
    logs.configure("error")
    services = create_services(settings, use="worker")
    client = Answered(NOBODY, NOBODY, "client", "secret", Free())
    client.answer([free_busy(random.Random(number), 0.0) for number in range(ANSWERS)])
    services = replace(services, cronofy=client, now=lambda: FIRST)
    runtime = bootstrap(settings, services=services, broker=StubBroker())
    try:
        yield Refreshing(runtime)
    finally:
        runtime.close()


class Free:
    """A budget that grants every call."""

    def take(self, deadline: float) -> None:
        return None

    def pause(self, seconds: float) -> None:
        return None

    def wait(self) -> float:
        return 0.0


def new_key() -> str:
    return Fernet.generate_key().decode()


def connect(database: Database, key: str, count: int) -> list[str]:
    """So many coaches, each connected, with tokens and a channel. Answers the connections' ids."""
    ids = []
    for number in range(count):
        people.introduce(database, replace(COACH, id=f"coach-{number}"))
        ids.append(people.connect(database, f"coach-{number}", f"acc-{number}"))
    with refreshing(database.engine.url.render_as_string(hide_password=False), key) as made:
        for connection_id in ids:
            grant = Grant("access", "refresh", 10_000_000, None, "")
            sealed = tokens.seal(made.services, connection_id, grant)
            _keep(database, connection_id, sealed)
    return ids


def _keep(database: Database, connection_id: str, sealed: SealedTokens) -> None:
    values = {
        "tokens": sealed.sealed,
        "access_expires_at": FIRST + timedelta(days=365),
        "userinfo_due": False,
    }
    row = tables.connections
    with database.write() as tx:
        name = channels.channel_hash(connection_id)
        channels.plan_channel(tx, connection_id, name, b"sealed")
        people.has_channel(tx, connection_id, "chn_1")
        tx.execute(row.update().where(row.c.id == connection_id).values(values))
