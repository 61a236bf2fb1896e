"""Whoever is killed between writing a session and recording it, one event stands in the coach's
calendar.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people, processes
from tests.support.processes import Town

LEASE_SECONDS = "9"
"""The race: one that lives stalls for longer than its lease, and another one writes as well."""


def test_a_worker_killed_between_writing_and_recording_leaves_no_twin(running: Town) -> None:
    seat, _ = running.connect()
    start = int(running.a_free_time().timestamp())
    # Given a worker that wrote the event, and hangs in reading it back
    # (and so does whoever reads its events because of the push that came of it)
    running.control.delay("/v1/events", 60)
    with running.database.write() as tx:
        wanted = Wanted("ada", start, 60)
        bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms(datetime.now(UTC)))
    running.wait(lambda _: _ours(running, seat.calendars[0]) != [])
    # When it is killed before it can record that
    running.kill("worker")
    assert _state(running) == "sending"
    running.control.clear_faults()
    running.start("worker")
    # Then another one writes the same event again, and finds it there
    running.wait(lambda _: _state(running) == "sent", seconds=60)
    assert running.control.counts()["POST /v1/calendars/<calendar_id>/events"] == 2
    assert _ours(running, seat.calendars[0]) == [start]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_event_that_comes_back_late_is_taken_away_whoever_was_killed_meanwhile(
    running: Town,
) -> None:
    # Given a booking whose first write is not answered, and a worker that wrote it at its second
    # try
    seat, _ = running.connect()
    start = int(running.a_free_time().timestamp())
    running.control.fault("late", "/v1/calendars", seconds=3600)
    running.control.fault("hang_up", "/v1/calendars")
    with running.database.write() as tx:
        done = bookings.book(
            tx,
            Wanted("ada", start, 60),
            people.GRACE,
            people.PROGRAMME,
            people.terms(datetime.now(UTC)),
        )
    running.wait(lambda _: _states(running) == ["sent"])
    # And that is cancelled
    with running.database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms(datetime.now(UTC)), excused=True)
    running.wait(lambda _: _states(running) == ["sent", "sent"])
    assert _ours(running, seat.calendars[0]) == []
    # When the first write lands after all, and nobody is left of those who made it
    for name in ("worker", "clock"):
        running.kill(name)
    running.control.advance(3600)
    assert _ours(running, seat.calendars[0]) == [start]
    # And a minute has passed
    with running.database.write() as tx:
        now = datetime.now(UTC)
        tx.execute(
            tables.event_looks.update().values(since=now - timedelta(minutes=1), next_look_at=now)
        )
    for name in ("worker", "clock"):
        running.start(name)
    # Then it is looked at, and gone
    running.wait(lambda _: _ours(running, seat.calendars[0]) == [], seconds=60)


def _states(running: Town) -> list[str]:
    row = tables.outbox.c
    query = tables.outbox.select().where(row.kind == "calendar").order_by(row.version)
    with running.database.read() as tx:
        return [found.state for found in tx.execute(query)]


def _state(running: Town) -> str | None:
    query = tables.outbox.select().where(tables.outbox.c.kind == "calendar")
    with running.database.read() as tx:
        return str(tx.execute(query).one().state)


def _ours(running: Town, calendar_id: str) -> list[float]:
    """When our own events in this calendar begin."""
    [account] = running.control.state()["accounts"]
    calendars = [calendar for profile in account["profiles"] for calendar in profile["calendars"]]
    [events] = [
        calendar["events"] for calendar in calendars if calendar["calendar_id"] == calendar_id
    ]
    ours = [event for event in events if event["event_id"] and not event["deleted"]]
    return [datetime.fromisoformat(event["start"]).timestamp() for event in ours]


@pytest.fixture
def running(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Town]:
    settings = {"COACHCAL_LEASE_SECONDS": LEASE_SECONDS}
    with processes.raised(tmp_path, database_url, redis_url, **settings) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised
