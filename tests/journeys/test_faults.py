"""Flush Redis or kill -9 anything: what was accepted is not lost. Real processes, real signals."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from tests.journeys.outages import gone
from tests.support import processes
from tests.support.processes import GAP_SECONDS, LEASE_SECONDS, Town

HOUR = timedelta(hours=1)
SLACK = 15.0
"""Seconds that a machine that others use too may add to a promise. What else would make up for it
is later: the broker hands on what a dead worker had after 30 s, the reconcile comes after minutes.
"""
LEASE_OVER = LEASE_SECONDS + 5 + SLACK


@pytest.fixture
def running(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Town]:
    """Web, worker and clock at work."""
    with processes.raised(tmp_path, database_url, redis_url) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised


def test_a_push_becomes_fresh_slots(running: Town) -> None:
    seat, _ = running.connect()
    start = running.a_free_time()
    running.control.add_event(seat.calendars[0], start, start + HOUR)
    running.wait(lambda found: gone(start) not in found["starts"])


def test_flushing_redis_between_the_push_and_the_refresh_loses_nothing(
    running: Town, redis_url: str
) -> None:
    # Given a push whose wake-up waits in Redis, because the worker is frozen
    seat, connection = running.connect()
    start = running.a_free_time()
    running.freeze("worker")
    running.control.add_event(seat.calendars[0], start, start + HOUR)
    running.until_accepted(2)
    row = running.row(connection)
    assert row.done_gen < row.req_gen
    # When Redis forgets everything, and the worker comes back
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    running.signal("worker", signal.SIGCONT)
    # Then the sweeper brings it within 3 s
    running.wait(lambda found: gone(start) not in found["starts"], seconds=3 + SLACK)


def test_a_worker_killed_during_a_refresh_is_made_up_for_within_the_lease_and_five_seconds(
    running: Town,
) -> None:
    # Given a worker in the middle of a read, and another one that is frozen meanwhile
    seat, connection = running.connect()
    start = running.a_free_time()
    running.rename("worker", "standby")
    running.freeze("standby")
    running.start("worker")
    running.control.delay("/v1/free_busy", 60, times=1)
    running.control.add_event(seat.calendars[0], start, start + HOUR)
    _until_leased(running, connection)
    # When it is killed, and the other one wakes up
    running.kill("worker")
    running.control.clear_faults()
    running.signal("standby", signal.SIGCONT)
    # Then the change is there within the lease and 5 s
    running.wait(lambda found: gone(start) not in found["starts"], seconds=LEASE_OVER)


def test_a_worker_frozen_past_its_lease_does_not_overwrite_what_another_read(running: Town) -> None:
    # Given a worker that is frozen with an old answer in its hands
    seat, _ = running.connect()
    first, second = running.free_times()
    running.kill("worker")
    running.start_mortal("worker", "workers.jobs.freebusy:observe:frozen")
    running.control.add_event(seat.calendars[0], first, first + HOUR)
    running.wait_until_frozen("worker")
    # When its lease ends, another one reads a newer calendar, and the first comes back
    running.rename("worker", "frozen")
    running.start("worker")
    running.control.add_event(seat.calendars[0], second, second + HOUR)
    running.wait(lambda found: gone(second) not in found["starts"])
    version = running.slots()["version"]
    told = len(running.processes.log("worker").read_text())
    running.signal("frozen", signal.SIGCONT)

    # Then what it brings is refused, or brought to nobody: what its other threads asked PostgreSQL
    # before it froze has no answer in time, and so the database counts as away
    def is_over(_: object) -> bool:
        said = running.processes.log("worker").read_text()[told:]
        return "late_read_refused" in said or "job_failed" in said

    running.wait(is_over)
    assert running.slots()["version"] == version


def test_a_push_is_not_forgotten_by_a_reader_that_slept_past_its_lease(
    running: Town, redis_url: str
) -> None:
    # Given a worker that freezes with all it has read in its hands, until its lease is over
    seat, connection = running.connect()
    first, second = running.free_times()
    running.kill("worker")
    running.start_mortal("worker", "workers.jobs.freebusy:observe:frozen")
    running.control.add_event(seat.calendars[0], first, first + HOUR)
    running.wait_until_frozen("worker")
    while running.row(connection).lease_until_ms > time.time() * 1000:
        time.sleep(0.05)
    # When another change is pushed, Redis forgets every wake-up, and the worker comes back and
    # stores what it read
    running.control.add_event(seat.calendars[0], second, second + HOUR)
    running.until_accepted(3)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    running.signal("worker", signal.SIGCONT)
    # Then the change is seen
    running.wait(lambda found: {gone(first), gone(second)}.isdisjoint(found["starts"]))
    running.wait(lambda found: found["state"] == "fresh")


def test_a_worker_killed_while_it_renews_a_token_is_made_up_for_as_soon(running: Town) -> None:
    # Given a worker in the middle of a renewal, and another one that is frozen meanwhile
    seat, connection = running.connect()
    start = running.a_free_time()
    running.rename("worker", "standby")
    running.freeze("standby")
    running.start("worker")
    running.control.expire_tokens(seat.sub)
    running.control.delay("/oauth/token", 60, times=1)
    running.control.add_event(seat.calendars[0], start, start + HOUR)
    running.wait(lambda _: running.row(connection).token_lease_token is not None)
    # When it is killed, and the other one wakes up
    running.kill("worker")
    running.control.clear_faults()
    running.signal("standby", signal.SIGCONT)
    # Then the calendar is read within the reader's lease and 5 s
    running.wait(lambda found: gone(start) not in found["starts"], seconds=LEASE_OVER)


def test_killing_the_web_process_after_its_answer_loses_nothing(running: Town) -> None:
    seat, _ = running.connect()
    start = running.a_free_time()
    running.control.add_event(seat.calendars[0], start, start + HOUR)
    running.until_accepted(2)
    running.kill("web")
    running.start("web")
    running.wait(lambda found: gone(start) not in found["starts"])


def test_with_redis_away_pushes_are_accepted_and_served_when_it_is_back(
    tmp_path: Path, database_url: str
) -> None:
    from workers.embedded.redis import redis_server

    with redis_server() as server, processes.raised(tmp_path, database_url, server.url) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        seat, _ = raised.connect()
        start = raised.a_free_time()
        # When Redis is killed and a change is pushed
        server.kill()
        raised.control.add_event(seat.calendars[0], start, start + HOUR)
        raised.until_accepted(2)
        # Then it is there after Redis came back, empty
        server.restart()
        raised.wait(lambda found: gone(start) not in found["starts"], seconds=35)


def test_the_same_push_five_times_in_any_order_gives_the_same_slots(running: Town) -> None:
    # Given two changes, each pushed five times, and all of them let go in reverse
    seat, _ = running.connect()
    first, second = running.free_times()
    running.control.clear_calls()
    running.control.pushes(duplicate=4, reorder=10)
    began = datetime.now(UTC)
    for start in (first, second):
        running.control.add_event(seat.calendars[0], start, start + HOUR)
    # Then both are in the set
    running.wait(lambda found: {gone(first), gone(second)}.isdisjoint(found["starts"]))
    running.until_accepted(11)
    deliveries = running.control.deliveries()
    # (None: on a busy machine an answer came too late, and the push came again)
    assert {push["status"] for push in deliveries} - {None} == {204}
    # And the calendar was read at most once a gap
    # (from before the first: a push is logged when its answer is heard, which on a busy machine may
    # be long after the read that it caused)
    changes = [push["at"] for push in deliveries if push["type"] == "change"]
    took = datetime.fromisoformat(changes[-1]) - began
    reads = sum(1 for call in running.control.calls() if call["route"] == "/v1/free_busy")
    assert reads <= 2 + took.total_seconds() / GAP_SECONDS


def test_a_push_during_a_read_causes_one_more_and_its_change_is_in_the_set(running: Town) -> None:
    # Given a read whose answer was made before the second change, and is still on its way
    seat, _ = running.connect()
    first, second = running.free_times()
    running.control.clear_calls()
    running.control.fault("trickle", "/v1/free_busy", seconds=1.5)
    running.control.add_event(seat.calendars[0], first, first + HOUR)
    _until_called(running, "/v1/free_busy")
    # When the second change is pushed meanwhile
    running.control.add_event(seat.calendars[0], second, second + HOUR)
    running.until_accepted(3)
    # Then one more read brings it
    running.wait(lambda found: {gone(first), gone(second)}.isdisjoint(found["starts"]))
    running.wait(lambda found: found["state"] == "fresh")
    # (a push whose answer took this machine 5 s comes again, and may cause one of its own)
    again = sum(push["attempt"] > 1 for push in running.control.deliveries())
    reads = sum(call["route"] == "/v1/free_busy" for call in running.control.calls())
    assert 2 <= reads <= 2 + again


def _until_leased(running: Town, connection: str) -> None:
    running.wait(lambda _: running.row(connection).lease_token is not None)


def _until_called(running: Town, route: str) -> None:
    running.wait(lambda _: any(call["route"] == route for call in running.control.calls()))
