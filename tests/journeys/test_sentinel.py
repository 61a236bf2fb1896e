"""Redis is lost, and Sentinel promotes its replica: pushes are accepted all the while, nothing that
was accepted is lost, and all goes on soon after the promotion without a restart. Real processes.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.databases import Kind
from tests.support.processes import Town
from tests.support.sentinel import WatchedRedis, watched_redis

WELL_WITHIN = 10.0
SLACK = 20.0  # what a machine that others use too may add; a process that stays lost is beyond it


@pytest.fixture
def watched() -> Iterator[WatchedRedis]:
    with watched_redis() as redis:
        yield redis


@pytest.fixture
def served(
    tmp_path: Path, fresh_database: Callable[[Kind], str], watched: WatchedRedis
) -> Iterator[Town]:
    with processes.raised(tmp_path, fresh_database("sqlite"), watched.url) as town:
        for name in ("web", "worker", "clock"):
            town.start(name)
        yield town


def test_a_promoted_replica_is_found_and_nothing_is_lost(
    served: Town, watched: WatchedRedis
) -> None:
    # Given a calendar that is read, by way of a Redis with a replica
    seat, _ = served.connect()
    first = served.a_free_time()
    assert first in starts(served.slots())
    # When Redis is lost, and the first of its sentinels, and a change is pushed meanwhile
    watched.sentinels[0].kill()
    watched.primary.kill()
    served.control.add_event(seat.calendars[0], first, first + timedelta(hours=1))
    watched.wait_for_promotion(watched.ports[1])
    promoted = time.monotonic()
    # Then it is seen soon after the promotion, and so is what comes after it
    served.wait(lambda found: first not in starts(found))
    took = time.monotonic() - promoted
    assert took < WELL_WITHIN + SLACK, f"{took:.1f} s after the promotion"
    then = served.a_free_time()
    served.control.add_event(seat.calendars[0], then, then + timedelta(hours=1))
    served.wait(lambda found: then not in starts(found), seconds=WELL_WITHIN + SLACK)
    # And each push was accepted (None: this machine took 5 s for an answer, and it came again)
    served.until_accepted(3)
    assert {each["status"] for each in served.control.deliveries()} - {None} == {204}


def starts(found: dict[str, list[str]]) -> set[datetime]:
    return set(map(datetime.fromisoformat, found["starts"]))
