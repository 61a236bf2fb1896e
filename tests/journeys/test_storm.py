"""Thousands of pushes for twenty coaches, as fast as they can be sent: all are answered, hardly one
is read, and everything that changed meanwhile is seen. Four thousand are enough to see that; --deep
sends twenty.

Sender, sandbox, database and the product share this machine, so the storm lasts as long as it
takes, and what is asserted holds for any length; `./run bench P3 P5` measures how fast it is. The
rate is printed: on two quiet cores 20,000 took 4 to 5 s, with 1 or 2 reads a coach, and all was
seen 0.4 to 5.1 s after the last push.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.storm import (
    COACHES,
    GAP_SECONDS,
    PRODUCTION,
    Target,
    connect,
    until_told,
    wait,
)
from tests.support import http_load, processes
from tests.support.databases import Kind
from tests.support.processes import Town

ROUNDS = 4
LINES = 16
"""Connections that are kept alive."""
FRESH_SECONDS = 30
"""The goal is 6, and a read waits for up to 5 of them; a machine that other tests share is given
some more. What no read after the storm brought, the reconcile would after a quarter of an hour.
"""


@pytest.fixture(params=["postgresql"])
def running(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fresh_database: Callable[[Kind], str],
    redis_url: str,
) -> Iterator[Town]:
    with processes.raised(
        tmp_path, fresh_database(request.param), redis_url, **PRODUCTION
    ) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised


@pytest.mark.parametrize("pushes", [4_000, pytest.param(20_000, marks=pytest.mark.deep)])
def test_pushes_by_thousands_are_answered_and_read_a_few_times_and_all_is_seen(
    running: Town, pushes: int
) -> None:
    # Given twenty coaches whose calendars were read
    targets = connect(running)
    before = until_told(running, lambda told: len(told) == COACHES)
    running.control.clear_calls()
    # When their calendars change while all these pushes come
    began = time.monotonic()
    answered = storm(running, targets, pushes)
    ended = time.monotonic()
    # Then each push was accepted, and everything that changed is seen soon after the last
    assert answered == pushes
    slowest = max(until_seen(running, target, ended) for target in targets)
    took = ended - began
    counted = until_told(running, lambda told: (told - before).total() == called(running)) - before
    most = 1 + math.ceil(
        took / GAP_SECONDS
    )  # the goal of 4 is more generous, unless it took over 15 s
    print(
        (
            f"{pushes} pushes in {took:.1f} s, {pushes / took:.0f}/s; reads a coach"
            f" {sorted(counted.values())},"
        ),
        end=" ",
    )
    print(f"at most {most} allowed; all seen {slowest:.1f} s after the last push")
    assert slowest <= FRESH_SECONDS
    assert set(counted) == {target.coach_id for target in targets}
    assert max(counted.values()) <= most
    assert called(running) == counted.total()


def called(running: Town) -> int:
    """How often Cronofy was asked for a calendar."""
    return running.control.counts()["GET /v1/free_busy"]


def storm(running: Town, targets: list[Target], count: int) -> int:
    """In rounds without a pause between them. Each calendar changes during each but the last;
    whatever changes is told by the pushes of the next. Returns how many were accepted.
    """
    accepted = 0
    free = {target.coach_id: running.slots(target.coach_id)["starts"] for target in targets}
    pushes = [targets[number % COACHES].push for number in range(count // ROUNDS)]
    with ThreadPoolExecutor(1) as sender:
        for number in range(ROUNDS):
            job = sender.submit(http_load.send, running.api.origin, pushes, lines=LINES)
            for target in targets if number < ROUNDS - 1 else ():
                starts = free[target.coach_id]
                target.changes.append(starts[len(starts) * (number + 1) // (ROUNDS + 1)])
                start = datetime.fromisoformat(target.changes[-1])
                running.control.add_event(
                    target.calendar, start, start + timedelta(hours=1), notify=False
                )
            accepted += len(job.result())
    return accepted


def until_seen(running: Town, target: Target, since: float) -> float:
    """Seconds since then until all of the coach's changes are in the set, and nothing is owed."""
    assert len(target.changes) == ROUNDS - 1

    def seen(found: dict[str, Any]) -> bool:
        return found["state"] == "fresh" and set(target.changes).isdisjoint(found["starts"])

    wait(running, target.coach_id, seen, since + 60)
    return time.monotonic() - since
