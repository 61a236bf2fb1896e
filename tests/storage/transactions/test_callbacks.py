"""What the platform is told of by comparing: once for each change, however many look, and never
twice.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from storage.rows import outbox_claims, refresh_jobs
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, callbacks, coach_settings, store_reading
from tests.support import people
from tests.support.people import at
from tests.support.query_plans import plan_of

TEN = at(2, 10)
OVER = (TEN, TEN + 1800)
ASKED: dict[str, Any] = {"now": people.NOW, "stale_after": people.terms().stale_after}


@pytest.fixture
def connection(database: Database) -> str:
    """Ada's; the platform has been told of how things are."""
    found = people.ready(database)
    announce(database)
    return found


def announce(database: Database, **by: Any) -> list[dict[str, Any]]:
    """What is told now, as posted but for the time."""
    with database.write() as tx:
        wakes = callbacks.announce(tx, **ASKED, **by)
        ids = [outbox_id for outbox_id, kind in wakes if kind == "callback"]
        found = tx.execute(tables.outbox.select().where(tables.outbox.c.id.in_(ids)))
        return sorted((row.payload for row in found), key=lambda body: str(body["type"]))


def told(database: Database) -> list[tuple[str, str | None]]:
    """(type, reason) of what is told now, slots left out."""
    said = [body for body in announce(database) if body["type"] != "slots.changed"]
    return [(body["type"], body["data"].get("reason")) for body in said]


def trouble(database: Database, what: str | None) -> None:
    with database.write() as tx:
        tx.execute(
            tables.connections.update().values(
                trouble=what, troubled_since=people.NOW - timedelta(hours=1)
            )
        )


def book(database: Database, start: int = TEN) -> bookings.BookingChange:
    with database.write() as tx:
        return bookings.book(
            tx, Wanted("ada", start, 60), people.GRACE, people.PROGRAMME, people.terms()
        )


def test_nothing_is_told_twice(database: Database, connection: str) -> None:
    assert announce(database) == []


def test_a_new_coach_s_slots_are_told_of(database: Database) -> None:
    people.introduce(database)
    (body,) = announce(database)
    assert body["data"] == {"coach_id": "ada", "version": 1}


def test_a_lasting_trouble_and_its_end_are_told_of_and_a_first_sync_is_neither(
    database: Database, connection: str
) -> None:
    for what, expected in (
        ("initial_sync", []),
        ("disconnected", [("calendar.disconnected", "disconnected")]),
        ("disconnected", []),
        ("revoked", [("calendar.disconnected", "revoked")]),
        ("initial_sync", []),
        (None, [("calendar.reconnected", None)]),
        (None, []),
    ):
        trouble(database, what)
        assert told(database) == expected


def test_a_trouble_that_was_over_before_anybody_was_told_is_not_told(
    database: Database, connection: str
) -> None:
    trouble(database, "disconnected")
    trouble(database, None)
    assert announce(database) == []


def test_since_when_a_calendar_is_lost_is_told(database: Database, connection: str) -> None:
    trouble(database, "revoked")
    (body,) = announce(database)
    expected = {
        "coach_id": "ada",
        "connection_id": connection,
        "reason": "revoked",
        "since": "2026-06-01T07:00:00Z",
    }
    assert body["data"] == expected


def test_a_conflict_is_told_of_when_it_comes_and_when_it_goes(
    database: Database, connection: str
) -> None:
    book(database)
    for periods, expected in (
        ((OVER,), ["session.conflict"]),
        ((OVER,), []),
        ((), ["session.conflict_cleared"]),
    ):
        people.mark_dirty(database, connection)
        people.read(database, connection, *periods, of=people.MAILED)
        assert [topic for topic, _ in told(database)] == expected


def test_a_conflict_ends_with_its_session(database: Database, connection: str) -> None:
    done = book(database)
    people.mark_dirty(database, connection)
    people.read(database, connection, OVER)
    assert [topic for topic, _ in told(database)] == ["session.conflict"]
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms(), excused=True)
    assert [topic for topic, _ in told(database)] == ["session.conflict_cleared"]


def test_whoever_looks_at_once_tells_once(database: Database) -> None:
    for number in range(40):
        people.introduce(database, people.coach(id=f"coach_{number}"))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: announce(database, limit=7), range(4)))
    while rest := announce(database, limit=7):
        found.append(rest)
    told_of = [body["data"]["coach_id"] for bodies in found for body in bodies]
    assert len(told_of) == len(set(told_of)) == 40


def test_what_is_being_changed_just_now_is_told_of_later_and_nobody_waits(
    database: Database, connection: str
) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one writes at a time anyway
    trouble(database, "revoked")
    book(database)
    with database.write() as busy:
        busy.execute(tables.slot_sets.update().values(days=7))
        busy.execute(tables.connections.update().values(attempts=7))
        assert announce(database) == []
    assert len(announce(database)) == 2


def test_looking_for_conflicts_reads_no_session_that_has_none(
    database: Database, connection: str
) -> None:
    statement = (
        "SELECT id FROM sessions WHERE conflict_since IS DISTINCT FROM told_conflict ORDER BY id"
    )
    assert "ix_sessions_untold" in plan_of(database, statement)


def test_a_coach_who_was_erased_and_comes_back_is_told_of_anew(
    database: Database, connection: str
) -> None:
    """Her slots begin at version 1 again; the callback must not be taken for an old one."""
    for hour in (10, 12):
        book(database, at(2, hour))
        announce(database)
    with database.write() as tx:
        store_reading.forget(tx, connection, now=people.NOW)
        tx.execute(tables.coaches.delete())
    people.introduce(database)
    with database.write() as tx:
        ((outbox_id, _),) = callbacks.announce(tx, **ASKED)
        assert outbox_claims.claim(tx, outbox_id, lease_ms=1000, now=people.NOW) is not None


def test_a_change_of_the_coach_s_hours_is_told_of(database: Database, connection: str) -> None:
    with database.write() as tx:
        coach_settings.put_coach(
            tx, "ada", lambda _: people.coach(durations=(30,)), expected=None, now=people.NOW
        )
    assert [body["type"] for body in announce(database)] == ["slots.changed"]


def test_telling_takes_no_turn_from_a_reader(database: Database, connection: str) -> None:
    trouble(database, "disconnected")
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    announce(database)
    with database.write() as tx:
        assert refresh_jobs.finish(tx, held) is False
