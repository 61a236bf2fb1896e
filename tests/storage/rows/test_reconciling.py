"""Reading what nobody pushed about: whom, when, and what it says of the pushes."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import reconciling
from storage.reports import samples
from storage.rows import push_marks
from storage.rows import reconciling as rows
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.transactions import store_reading
from storage.transactions.store_reading import Observed, Stored
from tests.support import people
from tests.support.people import at

HOUR, QUARTER, MINUTE = timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=1)
MEETING = (at(2, 10), at(2, 11))


@pytest.fixture
def connection(database: Database) -> str:
    """Ada's, read at NOW with one meeting, a day and more after its last change."""
    people.introduce(database)
    connection_id = people.connect(database)
    people.read(database, connection_id, MEETING)
    change(database, connection_id, changed_at=people.NOW - timedelta(days=2))
    return connection_id


def change(database: Database, connection_id: str, **values: Any) -> None:
    row = tables.connections
    if "changed_at" in values:
        values["pace"] = reconciling.pace_of(values["changed_at"], people.NOW)
    with database.write() as tx:
        tx.execute(row.update().where(row.c.id == connection_id).values(values))


def row(database: Database, connection_id: str) -> Any:
    with database.read() as tx:
        return people.row_of(tx, connection_id)


def reconcile(database: Database, now: datetime, limit: int = 10) -> list[str]:
    with database.write() as tx:
        turns = reconciling.turns({}, steady=HOUR, lively=QUARTER, reads_per_minute=1)
        return rows.owe_stalest(tx, now=now, turns=turns, limit=limit)


def read(
    database: Database, connection_id: str, *periods: tuple[int, int], now: datetime = people.NOW
) -> Stored:
    """As its worker reads it, at another time."""
    held = people.claim(database, connection_id)
    assert held is not None
    with database.write() as tx:
        seen = Observed(people.reading(*periods), slot_sets.window(people.ADA, now).known_until)
        stored = store_reading.store(tx, held, seen, now=now)
    assert stored is not None
    return stored


def test_a_quiet_calendar_is_read_within_the_hour(database: Database, connection: str) -> None:
    assert reconcile(database, people.NOW + 44 * MINUTE) == []
    assert reconcile(database, people.NOW + 57 * MINUTE) == [connection]
    assert reconcile(database, people.NOW + 57 * MINUTE) == []


def test_a_calendar_that_changed_within_a_day_is_read_within_a_quarter_of_an_hour(
    database: Database, connection: str
) -> None:
    change(database, connection, changed_at=people.NOW - timedelta(hours=23))
    assert reconcile(database, people.NOW + 11 * MINUTE) == []
    assert reconcile(database, people.NOW + 14.25 * MINUTE) == [connection]


def test_calendars_read_together_are_not_read_together_again(
    database: Database, connection: str
) -> None:
    # Given a fleet that was read within one second
    fleet = [connection, *(people.connect(database, sub=f"acc_{n}") for n in range(19))]
    for place, each in enumerate(fleet):
        read_at = people.NOW + timedelta(milliseconds=50 * place)
        change(database, each, last_ok_at=read_at, changed_at=None, done_gen=1, req_gen=1)
    # Then over a fifth of the hour some come due each minute, the whole fleet within it
    shares = [
        len(reconcile(database, people.NOW + minute * MINUTE, 99)) for minute in range(44, 59)
    ]
    assert sum(shares) == 20
    assert max(shares) <= 3


def test_lost_logins_are_asked_once_a_turn_and_keep_nobody_waiting(
    database: Database, connection: str
) -> None:
    # Given a login that is lost for weeks, and was tried just now
    lost = people.connect(database, sub="acc_lost")
    weeks = {"last_ok_at": people.NOW - timedelta(days=20), "done_gen": 1, "req_gen": 1}
    change(database, lost, trouble="disconnected", next_attempt_at_ms=now_ms(), **weeks)
    # Then whoever can be read comes first
    assert reconcile(database, people.NOW + HOUR, 1) == [connection]
    assert reconcile(database, people.NOW + HOUR, 1) == []
    # And it is tried again once its own turn is over
    change(database, lost, next_attempt_at_ms=now_ms() - 3_700_000)
    assert reconcile(database, people.NOW + HOUR, 1) == [lost]


def now_ms() -> int:
    """Leases and tries go by the database's own clock."""
    return int(time.time() * 1000)


def test_the_stalest_by_its_own_interval_goes_first(database: Database, connection: str) -> None:
    # Given one an hour and a half late of an hour, and one half an hour late of a quarter
    busy = people.connect(database, sub="acc_busy")
    change(database, connection, last_ok_at=people.NOW - 1.5 * HOUR)
    half = {
        "last_ok_at": people.NOW - 0.5 * HOUR,
        "changed_at": people.NOW,
        "done_gen": 1,
        "req_gen": 1,
    }
    change(database, busy, **half)
    assert [reconcile(database, people.NOW, 1), reconcile(database, people.NOW, 1)] == [
        [busy],
        [connection],
    ]


def test_a_change_that_no_push_announced_is_a_missed_push(
    database: Database, connection: str
) -> None:
    reconcile(database, people.NOW + HOUR)
    stored = read(database, connection, MEETING, (at(3, 10), at(3, 11)), now=people.NOW + HOUR)
    assert stored.missed
    found = row(database, connection)
    assert (found.missed_pushes, found.changed_at) == (1, people.NOW + HOUR)


def test_a_change_that_a_push_announced_before_it_was_read_is_none(
    database: Database, connection: str
) -> None:
    reconcile(database, people.NOW + HOUR)
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection, pushed=True)
    assert not read(database, connection, MEETING, (at(3, 10), at(3, 11))).missed
    assert row(database, connection).missed_pushes == 0


def test_a_push_while_the_read_is_under_way_is_no_missed_one_either(
    database: Database, connection: str
) -> None:
    reconcile(database, people.NOW + HOUR)
    held = people.claim(database, connection)
    assert held is not None
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection, pushed=True)
        stored = store_reading.store(tx, held, people.observed(account=None), now=people.NOW)
    assert stored is not None
    assert (stored.changed, stored.missed, stored.again) == (True, False, True)
    # And it still waits: only a read that starts later will have served it
    assert row(database, connection).pushed_since_ms is not None
    assert waits(database) == []


def test_a_day_that_rolled_on_is_no_change(database: Database, connection: str) -> None:
    # Given a calendar with a meeting on each day, as far as it is read
    tomorrow = people.NOW + timedelta(days=1)
    days = range(60)
    daily = [(at(1, 10) + day * 86_400, at(1, 11) + day * 86_400) for day in days]
    ends = [slot_sets.window(people.ADA, now).known_until for now in (people.NOW, tomorrow)]
    change(database, connection, req_gen=9)
    read(database, connection, *(period for period in daily if period[0] < ends[0]))
    # When a day later it is read a day further
    reconcile(database, tomorrow)
    stored = read(
        database, connection, *(period for period in daily[1:] if period[0] < ends[1]), now=tomorrow
    )
    # Then nothing was missed
    assert stored.changed
    assert not stored.missed
    assert row(database, connection).changed_at == people.NOW


def test_what_a_relink_brings_to_light_was_not_missed(database: Database, connection: str) -> None:
    change(database, connection, trouble="disconnected", next_attempt_at_ms=0)
    reconcile(database, people.NOW + HOUR)
    assert not read(database, connection, (at(3, 10), at(3, 11))).missed


def waits(database: Database) -> list[int]:
    with database.read() as tx:
        return list(tx.scalars(tables.visible.select().with_only_columns(tables.visible.c.ms)))


def test_how_long_a_push_waited_is_kept_for_the_read_that_served_it(
    database: Database, connection: str
) -> None:
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection, pushed=True)
    change(database, connection, pushed_since_ms=row(database, connection).pushed_since_ms - 1500)
    read(database, connection, MEETING)
    (waited,) = waits(database)
    assert 1500 <= waited < 61_500
    # And a read that nobody pushed for says nothing
    people.mark_dirty(database, connection)
    read(database, connection, MEETING)
    assert len(waits(database)) == 1
    with database.write() as tx:
        assert set(samples.summarise(tx)) >= set(samples.PERCENTILES)
        assert samples.summarise(tx) == {}


def test_a_calendar_that_vanishes_is_believed_at_the_second_read_and_not_before(
    database: Database, connection: str
) -> None:
    # Given a calendar with nine meetings, of which a read finds none
    change(database, connection, req_gen=9)
    read(database, connection, *((at(2 + n, 10), at(2 + n, 11)) for n in range(9)))
    version = people.listing(database).version
    change(database, connection, req_gen=10)
    first = read(database, connection, now=people.NOW + HOUR)
    # Then nothing of it is stored, the read does not count as one, and the next is owed and due
    assert (first.doubted, first.changed, first.again) == (True, False, True)
    found = row(database, connection)
    assert (people.listing(database).version, found.last_ok_at, found.done_gen) == (
        version,
        people.NOW,
        9,
    )
    # When the next one says the same, it is true
    second = read(database, connection, now=people.NOW + HOUR)
    assert (second.doubted, second.changed) == (False, True)
    found = row(database, connection)
    assert (found.doubted, found.last_error, found.done_gen) == (None, None, 10)


def test_a_calendar_that_is_back_at_the_second_read_never_left(
    database: Database, connection: str
) -> None:
    change(database, connection, req_gen=9)
    meetings = [(at(2 + n, 10), at(2 + n, 11)) for n in range(9)]
    read(database, connection, *meetings)
    version = people.listing(database).version
    change(database, connection, req_gen=10)
    assert read(database, connection).doubted
    assert not read(database, connection, *meetings).doubted
    assert people.listing(database).version == version
    # And if it vanishes again, that is doubted again
    change(database, connection, req_gen=11)
    assert read(database, connection).doubted


def test_two_reads_that_say_different_things_are_not_believed_either(
    database: Database, connection: str
) -> None:
    change(database, connection, req_gen=9)
    meetings = [(at(2 + n, 10), at(2 + n, 11)) for n in range(9)]
    read(database, connection, *meetings)
    change(database, connection, req_gen=10)
    assert read(database, connection).doubted
    assert read(database, connection, meetings[0]).doubted
    assert not read(database, connection, meetings[0]).doubted


@pytest.mark.parametrize("noticed", [True, False])
def test_what_changed_while_the_grant_was_gone_was_not_missed(
    database: Database, connection: str, noticed: bool
) -> None:
    # Given a grant that was revoked, and the channel with it, whether or not a read has found that
    # out
    if noticed:
        people.mark_dirty(database, connection)
        held = people.claim(database, connection)
        assert held is not None
        with database.write() as tx:
            store_reading.give_up(
                tx, held, error="invalid_grant", trouble="revoked", now=people.NOW
            )
    # When the coach consents anew
    assert people.connect(database) == connection
    people.mark_dirty(database, connection)
    # Then what the first read finds was announced by that, and what a later one finds was not
    assert not read(database, connection, MEETING, (at(3, 10), at(3, 11))).missed
    assert row(database, connection).missed_pushes == 0
    reconcile(database, people.NOW + HOUR)
    assert read(database, connection, MEETING, now=people.NOW + HOUR).missed
