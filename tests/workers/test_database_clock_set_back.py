"""A database whose clock was an hour ahead, and is set right: nothing waits for that hour."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, text
from structlog.testing import capture_logs

from storage.rows import channels, clock_jobs, connections, outbox, outbox_claims, refresh_jobs
from storage.rows.outbox import Owed
from storage.schema import tables
from storage.schema.database import Database, create
from storage.schema.database_clock import clock_ms
from tests.support import people
from tests.support.databases import Kind
from workers import clock
from workers.skew import Setbacks

LEASE_SECONDS = 30
HOUR = 3600
ENDS = ("lease_until_ms", "token_lease_until_ms")
WAITS = ("wake_after_ms", "next_attempt_at_ms", "next_run_at_ms")
# Found before PostgreSQL's own, because the search path names its schema first.
ANOTHER_CLOCK = """
    CREATE SCHEMA another;
    CREATE TABLE another.ahead AS SELECT interval '0' AS by;
    CREATE FUNCTION another.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + by FROM another.ahead'
"""


@dataclass
class Stepped:
    """A database, and the clock that it has."""

    database: Database
    step: Callable[[int], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def stepped(request: Any, fresh_database: Callable[[Kind], str]) -> Iterator[Stepped]:
    url = fresh_database(request.param)
    if request.param == "sqlite":
        yield from _stepped_sqlite(url)
    else:
        yield from _stepped_postgresql(url)


def _stepped_sqlite(url: str) -> Iterator[Stepped]:
    database, ahead = create(url), [0]

    def julianday(_now: str) -> float:
        return (datetime.now(UTC).timestamp() + ahead[0]) / 86_400 + 2440587.5

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.create_function("julianday", 1, julianday)

    event.listen(database.engine, "connect", prepare)
    yield Stepped(database, lambda seconds: ahead.__setitem__(0, seconds))
    database.close()


def _stepped_postgresql(url: str) -> Iterator[Stepped]:
    plain = create(url)
    with plain.write() as tx:
        tx.execute(text(ANOTHER_CLOCK))
    path = "options=-csearch_path%3Danother,pg_catalog,public"
    database = create(f"{url}{'&' if '?' in url else '?'}{path}")

    def step(seconds: int) -> None:
        with plain.write() as tx:
            tx.execute(text(f"UPDATE another.ahead SET by = interval '{seconds} s'"))

    yield Stepped(database, step)
    database.close()
    with plain.write() as tx:
        tx.execute(text("DROP SCHEMA another CASCADE"))
    plain.close()


def work(database: Database) -> None:
    """Something of every kind that waits for the database's clock, or has a lease by it."""
    lease_ms = 1000 * LEASE_SECONDS
    people.introduce(database)
    connection_id = people.connect(database)
    assert people.claim(database, connection_id, lease_ms=lease_ms, gap_ms=5000) is not None
    with database.write() as tx:
        assert connections.lease_tokens(tx, connection_id, lease_ms=lease_ms)
        channels.plan_channel(tx, connection_id, b"hash", b"sealed")
        assert channels.lease_channel(tx, connection_id, lease_ms=lease_ms)
        owed = [
            Owed("callback", "booking.booked", key, 0, people.NOW, booking_id=key)
            for key in ("one", "two")
        ]
        claims = []
        for outbox_id, _ in outbox.add(tx, owed, now=people.NOW):
            claims.append(outbox_claims.claim(tx, outbox_id, lease_ms=lease_ms, now=people.NOW))
        assert claims[0]
        assert claims[1]
        assert outbox.give_back(tx, claims[1], error="it failed", retry_in_ms=5000)
        assert clock_jobs.take(tx, "retention", every_ms=1000 * HOUR)


def seconds_to_come(database: Database) -> dict[str, float]:
    """Of every column that is an end, or a moment to wait for: the furthest, from now."""
    furthest = {}
    with database.read() as tx:
        now = tx.scalar(select(clock_ms()))
        assert now is not None
        for table in tables.metadata.sorted_tables:
            for column in table.c:
                if column.name in (*ENDS, *WAITS):
                    last = max(tx.scalars(select(column)), default=0)
                    furthest[f"{table.name}.{column.name}"] = (last - now) / 1000
    return furthest


def assert_nothing_waits(database: Database) -> None:
    """Leases last no longer than they ever do, and whatever waits is due."""
    for name, seconds in seconds_to_come(database).items():
        assert seconds <= (2 * LEASE_SECONDS if name.endswith(ENDS) else 0), name


def test_nothing_waits_for_the_hour_that_was_wrong(stepped: Stepped) -> None:
    database = stepped.database
    setbacks = Setbacks(database, lease_seconds=LEASE_SECONDS)
    # Given work that was taken and owed while the clock was an hour ahead
    stepped.step(HOUR)
    work(database)
    setbacks.look()
    # When it is set right
    stepped.step(0)
    ahead = seconds_to_come(database)
    assert min(ahead.values()) > HOUR - 60, f"a kind that `work` lacks: {ahead}"
    with capture_logs() as logs:
        setbacks.look()
    # Then leases last no longer than they ever do, and whatever waits is due
    assert_nothing_waits(database)
    (said,) = [line for line in logs if line["event"] == "database_clock_set_back"]
    assert said["seconds"] == pytest.approx(HOUR, abs=60)
    with database.write() as tx:
        tx.execute(tables.connections.update().values(lease_until_ms=0))
        assert len(refresh_jobs.sweep(tx)) == 1
        assert len(outbox.sweep(tx, now=people.NOW)) == 1
    # And that is all: a clock that goes on is left alone
    with capture_logs() as logs:
        setbacks.look()
    assert logs == []


def test_a_clock_that_is_set_forward_changes_nothing(stepped: Stepped) -> None:
    setbacks = Setbacks(stepped.database, lease_seconds=LEASE_SECONDS)
    work(stepped.database)
    setbacks.look()
    stepped.step(HOUR)
    with capture_logs() as logs:
        setbacks.look()
    assert logs == []


def test_a_process_that_begins_after_it_notices_it_by_the_turns_of_the_jobs(
    stepped: Stepped,
) -> None:
    database = stepped.database
    # Given work that was taken and owed while the clock was an hour ahead, and nobody looks
    stepped.step(HOUR)
    work(database)
    stepped.step(0)
    # When a process begins after it was set right
    setbacks = Setbacks(database, lease_seconds=LEASE_SECONDS)
    with capture_logs() as logs:
        setbacks.look()
    # Then nothing waits for that hour either
    assert_nothing_waits(database)
    (said,) = [line for line in logs if line["event"] == "database_clock_set_back"]
    assert said["seconds"] == pytest.approx(HOUR, abs=60)
    # And that is all
    with capture_logs() as logs:
        setbacks.look()
        Setbacks(database, lease_seconds=LEASE_SECONDS).look()
    assert logs == []


def test_turns_that_last_as_long_as_they_do_say_nothing(stepped: Stepped) -> None:
    work(stepped.database)
    with stepped.database.write() as tx:
        for job in clock.JOBS:
            clock_jobs.take(tx, job.name, every_ms=job.every_ms)
        # Of a release that has more jobs than ours
        clock_jobs.take(tx, "tide", every_ms=24 * 1000 * HOUR)
    with capture_logs() as logs:
        Setbacks(stepped.database, lease_seconds=LEASE_SECONDS).look()
    assert logs == []
    assert seconds_to_come(stepped.database)["schedule.next_run_at_ms"] > 23 * HOUR
