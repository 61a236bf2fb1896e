"""Nobody waits for who holds a coach while holding what that one waits for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.rows import coaches
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.transactions import callbacks
from tests.support import people
from tests.support.lock_order import LockOrder

STALE_AFTER = people.terms().stale_after


# SQLite has one lock, of the whole file.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_telling_of_a_coach_who_has_just_connected_waits_for_no_booking(
    database: Database,
) -> None:
    # Given a coach with a calendar of which the platform was told nothing yet, and a booking that
    # has its coach and will write the slot set
    people.ready(database)
    with database.write() as booking, ThreadPoolExecutor(1) as clock:
        ada = coaches.lock(booking, "ada")
        assert ada is not None
        # When the clock tells of it meanwhile, which writes the set and the account too
        told = clock.submit(_announce, database)
        # Then it is told while the booking still has its coach
        assert {"slots", "calendar"} <= told.result(timeout=60)
        slot_sets.recompute(booking, ada, now=people.NOW)


def _announce(database: Database) -> set[str]:
    """The kinds of what was told."""
    with database.write() as tx:
        callbacks.announce(tx, now=people.NOW, stale_after=STALE_AFTER)
        topics = tx.scalars(tables.events.select().with_only_columns(tables.events.c.topic))
        return {topic.partition(".")[0] for topic in topics}


def test_the_watch_finds_who_locks_a_coach_late_or_two_in_the_wrong_order(
    database: Database, lock_order: LockOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.ready(database)
    monkeypatch.setitem(globals(), "__name__", "workers.somebody")  # whose transactions these are
    with database.write() as tx:
        tx.execute(tables.slot_sets.update().values(told_version=0))
        coaches.lock(tx, "ada")
    [late] = _taken(lock_order)
    with database.write() as tx:
        tx.execute(tables.slot_sets.update().values(told_version=0))
        tx.execute(tables.coaches.update().values(version=7))
    [written_late] = _taken(lock_order)
    with database.write() as tx:
        coaches.lock(tx, "bob")
        coaches.lock(tx, "ada")
    [wrong_order] = _taken(lock_order)
    with database.write() as tx:
        coaches.lock(tx, "ada")
        tx.execute(tables.slot_sets.update().values(told_version=0))
        coaches.lock(tx, "bob")
    assert _taken(lock_order) == []
    assert "coach ada after: UPDATE slot_sets" in late
    assert "UPDATE coaches" in written_late
    assert wrong_order == "coach ada after coach bob"


def _taken(order: LockOrder) -> list[str]:
    found, order.wrong = order.wrong, []
    return found
