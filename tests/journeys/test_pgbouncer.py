"""Through PgBouncer in transaction mode: pushes, listings, bookings, and the limits that a session
would keep.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, select, text

from storage.schema.database import Database, create
from storage.schema.fast_reads import query_raw
from tests.journeys.outages import HOUR, ask, book, gone
from tests.support import processes
from tests.support.databases import Kind
from tests.support.pgbouncer import LEFT_OUT, PROGRAM, pgbouncer

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=LEFT_OUT)


@pytest.fixture
def pooled_url(fresh_database: Callable[[Kind], str]) -> Iterator[str]:
    with pgbouncer(fresh_database("postgresql")) as url:
        yield url


@pytest.fixture
def pooled(pooled_url: str) -> Iterator[Database]:
    database = create(pooled_url)
    yield database
    database.close()


def test_the_whole_of_a_push_and_a_booking_goes_through_it(
    pooled_url: str, tmp_path: Path, redis_url: str
) -> None:
    with processes.raised(tmp_path, pooled_url, redis_url) as running:
        for name in ("web", "worker", "clock"):
            running.start(name)
        seat, _ = running.connect()
        start = running.a_free_time()
        running.control.add_event(seat.calendars[0], start, start + HOUR)
        running.wait(lambda found: gone(start) not in found["starts"])
        times = [gone(running.a_free_time() + HOUR * hours) for hours in (24, 48, 72)]
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda start: book(running, start), times * 3))
        assert {each.status for each in said} <= {201, 409}
        assert [each.status for each in said].count(201) >= 1
        assert ask(running, "GET", "/readyz").status == 200
        running.processes.check()


def test_looks_in_passing_and_repeated_statements_meet_any_server_process(pooled: Database) -> None:
    looked = select(func.upper(bindparam("word")))
    together = threading.Barrier(6)

    def look(word: str) -> set[str]:
        together.wait(60)
        found = set()
        for _ in range(12):  # psycopg would prepare after five
            found |= {row[0] for row in query_raw(pooled, looked, word=word)}
            with pooled.write() as tx:
                found.add(tx.execute(looked, {"word": word}).scalar_one())
        return found

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(look, "abcdef")) == [{letter} for letter in "ABCDEF"]


def test_a_transaction_brings_its_limits_along(pooled: Database) -> None:
    with pooled.write() as tx:
        shown = [
            tx.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout")
        ]
        idle = tx.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert (*shown, idle) == ("10s", "4s", "10s")
