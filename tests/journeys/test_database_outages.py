"""A database that goes silent, read-only, or whose row somebody holds and stops: what the processes
say meanwhile, and that they are well soon after it is. Real processes, a real PostgreSQL, a proxy.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path

import psycopg
import pytest
import requests

from storage.schema import database
from tests.journeys.outages import HOUR, Said, ask, book, gone
from tests.support import processes
from tests.support.databases import Kind
from tests.support.processes import Town
from tests.support.tcp_proxy import Proxy

AT_FIRST = 6.0  # seconds: the deadline of 5, and a moment to say so
WELL_AGAIN = 10.0
# What a machine that others use too may add to a promise; a process that hangs is far beyond it
SLACK = 8.0
AT_ONCE = 1.5
"""Seconds for an answer that waits for nobody, on such a machine too: a connection that does not
come is waited for 2 s, a lock for 4, an answer for 5.
"""


def health(running: Town) -> Said:
    return ask(running, "GET", "/healthz")


def quickest(what: Callable[[], Said]) -> Said:
    """Of three: a machine that others use holds one of them up, and no wait is shorter than 2 s."""
    return min((what() for _ in range(3)), key=lambda said: said.seconds)


def until_well(running: Town, what: Callable[[], bool]) -> float:
    """Seconds until it is; fails after the promise."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < WELL_AGAIN + SLACK, "not well again in time"
        time.sleep(0.05)
    return time.monotonic() - began


def waiting(asked: list[Future[Said]]) -> int:
    return sum(not each.done() for each in asked)


def answers_to_pushes(running: Town, since: int) -> set[int]:
    """Of the attempts after so many; None for those that were not answered in time is none."""
    found = {push["status"] for push in running.control.deliveries()[since:]}
    return found - {None}


def log_of(running: Town, name: str) -> str:
    return running.processes.log(name).read_text()


@pytest.fixture
def proxied(
    tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str
) -> Iterator[tuple[Town, Proxy]]:
    """Web, worker and clock at work, and a proxy between them and their database."""
    url = fresh_database("postgresql")
    with (
        Proxy.to(url) as proxy,
        processes.raised(tmp_path, url, redis_url, DATABASE_URL=proxy.url(url)) as raised,
    ):
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised, proxy


def test_a_database_that_swallows_all_is_told_in_time_and_outlived(
    proxied: tuple[Town, Proxy],
) -> None:
    running, proxy = proxied
    seat, _ = running.connect()
    start, later = running.free_times()
    # When nothing is heard of it any more, and 100 want something
    with ThreadPoolExecutor(110) as pool:
        proxy.misbehave("swallow")
        began = time.monotonic()
        bookings = [pool.submit(book, running, gone(start)) for _ in range(50)]
        listings = [pool.submit(ask, running, "GET", "/v1/coaches/ada") for _ in range(50)]
        # Then whoever asks whether it is alive does not wait behind those who wait in each thread
        time.sleep(0.3)
        before = waiting(bookings + listings)
        healthy = [health(running)]
        assert waiting(bookings + listings) >= 0.8 * before
        time.sleep(3)
        healthy += [health(running) for _ in range(5)]
        answers = [each.result() for each in (*bookings, *listings)]
    # And each is told, in time; who comes later is told at once; and somebody is there to say that
    # we are alive
    assert {each.status for each in answers} == {503}
    assert {each.code for each in answers} <= {"database_away", "busy"}
    assert all("Retry-After" in each.headers for each in answers)
    assert max(each.seconds for each in answers) < AT_FIRST + SLACK
    assert min(each.seconds for each in healthy) < AT_ONCE
    assert {each.status for each in healthy} == {200}
    at_once = [
        quickest(lambda: book(running, gone(start))),
        quickest(lambda: ask(running, "GET", "/v1/coaches/ada")),
        quickest(lambda: ask(running, "GET", "/readyz")),
    ]
    assert [each.status for each in at_once] == [503] * 3
    assert [each.code for each in at_once[:2]] == ["database_away"] * 2
    assert max(each.seconds for each in at_once) < AT_ONCE
    while time.monotonic() - began < AT_FIRST:
        time.sleep(0.1)
    # And all is well soon after it is: requests, reads, the clock's jobs; nobody was restarted
    proxy.behave()
    until_well(running, lambda: book(running, gone(start)).status == 201)
    until_well(running, lambda: ask(running, "GET", "/readyz").status == 200)
    running.control.add_event(seat.calendars[0], later, later + HOUR)
    running.wait(lambda found: gone(later) not in found["starts"], seconds=WELL_AGAIN + SLACK)
    until_well(running, lambda: "clock_has_database_again" in log_of(running, "clock"))
    assert log_of(running, "clock").count("clock_waits_for_database") == 1
    running.processes.check()


def test_a_read_only_database_is_told_as_such_and_taken_back_when_it_can_be_written(
    tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    url = fresh_database("postgresql")
    name = url.rpartition("/")[2]
    with (
        processes.raised(tmp_path, url, redis_url) as running,
        psycopg.connect(url.replace(name, "postgres"), autocommit=True) as admin,
    ):
        for each in ("web", "worker", "clock"):
            running.start(each)
        seat, _ = running.connect()
        running.until_accepted(1)  # what comes after it is this test's
        start, later = running.free_times()
        # When a fail-over leaves every connection read-only
        admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        # Then writes say so, and nobody who watches sends us more
        until_well(running, lambda: book(running, gone(start)).code == "database_read_only")
        before = len(running.control.deliveries())
        running.control.add_event(seat.calendars[0], later, later + HOUR)
        until_well(running, lambda: answers_to_pushes(running, before) == {503})
        watched = ask(running, "GET", "/readyz")
        assert watched.status == 503
        assert (
            requests.get(running.api.origin + "/readyz", timeout=60).json()["database"]
            == "read_only"
        )
        running.processes.check()
        # And once it can be written, without a connection cut or a process restarted, all is well
        admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
        until_well(running, lambda: book(running, gone(start)).status == 201)
        until_well(running, lambda: ask(running, "GET", "/readyz").status == 200)
        running.wait(lambda found: gone(later) not in found["starts"], seconds=WELL_AGAIN + SLACK)
        running.processes.check()


def test_who_holds_a_coach_and_stops_makes_that_coach_busy_and_no_other(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    postgresql = database_url.startswith("postgresql")
    with (
        closing(database.create(database_url)) as frozen,
        processes.raised(tmp_path, database_url, redis_url) as running,
    ):
        running.start("web")
        running.start("worker")
        running.connect()
        start = gone(running.a_free_time())
        # Given somebody who has Ada's row (SQLite: the only pen) in a transaction, and stopped
        answers: list[Said] = []
        with (
            pytest.raises(database.Unavailable) if postgresql else nullcontext(),
            frozen.write() as tx,
        ):
            tx.exec_driver_sql("UPDATE coaches SET version = version WHERE id = 'ada'")
            # Then all who book her are told that it is busy, in time, and somebody is there for
            # others
            with ThreadPoolExecutor(40) as pool:
                bookings = [pool.submit(book, running, start) for _ in range(40)]
                time.sleep(2.5)
                healthy = [health(running) for _ in range(5)]
                # The race: the server takes the row from who did nothing with it for 10 s, and on
                # a slow machine some of the 40 ask for it only then, and get it.
                while not all(each.done() for each in bookings):
                    tx.exec_driver_sql("SELECT 1")
                    time.sleep(0.1)
                answers = [each.result() for each in bookings]
            assert {(each.status, each.code) for each in answers} == {(503, "busy")}
            assert all(int(each.headers["Retry-After"]) > 0 for each in answers)
            assert max(each.seconds for each in answers) < AT_FIRST + SLACK
            assert min(each.seconds for each in healthy) < AT_ONCE
            assert ask(running, "GET", "/v1/coaches/ada").status == 200
            if postgresql:  # the server takes the row from who does nothing with it
                until_well(running, lambda: book(running, start).status == 201)
        if not postgresql:
            assert book(running, start).status == 201
        assert len(answers) == 40  # nothing ended the block before
        running.processes.check()
