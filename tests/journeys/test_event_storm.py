"""A storm of what coaches do to our events, of bookings, of lost and doubled pushes, 429s and a
kill -9: in the end calendar, sessions and slots agree under each policy. Meanwhile no time was
offered where a session or its event stands, and nobody was said to have done what they did not.
"""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.rows import push_marks
from storage.schema import tables
from tests.journeys import event_deeds
from tests.journeys.event_deeds import DEEDS, ORDINARY, Actor
from tests.support import processes
from tests.support.databases import Kind
from tests.support.processes import Town

STEPS = 160
SEED = 14


@pytest.fixture
def running(
    tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str
) -> Iterator[Town]:
    with processes.raised(tmp_path, fresh_database("postgresql"), redis_url) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised


def test_after_a_storm_calendar_sessions_and_slots_agree_under_each_policy(running: Town) -> None:
    actors = event_deeds.cast(running, SEED)
    for actor in actors:
        for _ in range(4):
            event_deeds.book(actor)
    until(actors, lambda actor: not event_deeds.disagreements(actor), "before the storm")
    for step in range(STEPS):
        mischief(running, step)
        actor = actors[step % len(actors)]
        deeds = DEEDS
        if actor.dice.random() < 0.5:
            deeds = ORDINARY
        actor.dice.choice(deeds)(actor)
        for each in actors:
            assert event_deeds.never_done(each) == []
        assert event_deeds.offered_twice(actor) == []
        time.sleep(0.03)
    running.control.clear_faults()
    running.control.pushes(drop=0, duplicate=0, reorder=0)
    until(actors, lambda actor: not event_deeds.disagreements(actor), "after the storm")
    for actor in actors:
        assert event_deeds.offered_twice(actor) == []
        assert event_deeds.never_done(actor) == []


def mischief(running: Town, step: int) -> None:
    """What comes of the network, of Cronofy and of the machine."""
    if step % 10 == 3:
        running.control.pushes(drop=3, duplicate=step % 3)
    if step % 20 == 7:
        running.control.fail("/v1/", 429, times=2, retry_after=1)
    if step % 8 == 5:
        # Reads and writes overlap.
        running.control.delay("/v1/events", 0.3, times=2)
    if step % 40 == 11:
        running.control.fault("late", "/v1/calendars", seconds=1)
        running.control.fault("hang_up", "/v1/calendars")
    if step == STEPS // 2:
        running.signal("worker", signal.SIGKILL)
        running.processes.stop("worker")
        running.start("worker")


def until(actors: list[Actor], well: Callable[[Actor], bool], when: str) -> None:
    """Until it is so of all, each read again now and then, as the reconcile has it done."""
    end = time.monotonic() + 60
    while not all(map(well, actors)):
        left = {each.policy: event_deeds.disagreements(each) for each in actors}
        assert time.monotonic() < end, f"{when}: {left}"
        for actor in actors:
            owe_read(actor)
        time.sleep(0.5)


def owe_read(actor: Actor) -> None:
    row = tables.connections.c
    with actor.running.database.write() as tx:
        query = tables.connections.select().where(row.coach_id == actor.coach_id)
        for connection in tx.execute(query).all():
            push_marks.mark_dirty(tx, connection.id)
