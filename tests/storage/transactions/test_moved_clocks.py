"""A session whose local time new time zone rules moved: both people are mailed once, the platform
is told once, and ops see it; the instant stays.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.hours import instant_of, wall_clock
from domain.sessions import Participant
from storage.reports import overview
from storage.rows import sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from storage.transactions.bookings import BookingChange
from tests.storage.kit import create
from tests.storage.moved_clocks import announced, roll
from tests.support import people
from tests.support.people import at

TEN = at(9, 10)
BEFORE, AFTER = "2026-06-09T10:00 Europe/London", "2026-06-09T11:00 Europe/London"
LONDONER = replace(people.HEDY, zone="Europe/London")


def book(database: Database, who: Participant = people.GRACE, start: int = TEN) -> BookingChange:
    with database.write() as tx:
        wanted = Wanted("ada", start, 60)
        return bookings.book(tx, wanted, who, people.PROGRAMME, people.terms())


def older_rules(database: Database, wall: str = BEFORE) -> None:
    """As a release left it whose rules knew no summer time."""
    row = tables.sessions.c
    with database.write() as tx:
        tx.execute(tables.sessions.update().where(row.starts == TEN).values(wall=wall))
        tx.execute(tables.slot_sets.update().values(tzdata="2019c"))


def told(database: Database) -> list[dict[str, Any]]:
    return announced(database, "session.wall")


def test_a_local_time_is_read_back_as_the_instant_that_it_is_by_today_s_rules() -> None:
    assert instant_of(wall_clock("Europe/London", TEN)) == TEN
    assert instant_of(BEFORE) == TEN - 3600
    # The night when clocks go back has 01:30 twice: the first is meant
    assert instant_of("2026-10-25T01:30 Europe/London") == at(1, 0, 30) + 146 * 86_400


def test_both_people_are_mailed_once_and_only_a_clock_that_moved_has_a_time_before(
    database: Database,
) -> None:
    people.ready(database)
    book(database)
    book(database, start=at(10, 10))
    older_rules(database)
    # Grace is in New York, where no rule changed: to her a "before" would be a lie
    assert roll(database) == [("ada@example.test", TEN - 3600), ("grace@example.test", None)]
    assert roll(database) == []


def test_a_participant_of_the_coach_s_zone_is_told_the_time_before(database: Database) -> None:
    people.ready(database)
    book(database, LONDONER)
    older_rules(database)
    assert roll(database) == [
        ("ada@example.test", TEN - 3600),
        ("hedy@example.test", TEN - 3600),
    ]


def test_another_release_of_the_rules_is_told_again(database: Database) -> None:
    """Though it brings back the local time that was told first."""
    people.ready(database)
    done = book(database)
    older_rules(database)
    roll(database)
    with database.write() as tx:
        session = sessions.get(tx, done.session.id)
        before = replace(session, wall_moved="2026-06-09T10:30 Europe/London")
        sessions.put(tx, session, before, people.NOW)
    assert len(roll(database, people.NOW + timedelta(hours=1))) == 2


def test_everybody_in_a_pod_is_mailed_and_its_coach_once(database: Database) -> None:
    people.ready(database)
    create(database, people.GRACE, people.HEDY, start=TEN)
    older_rules(database)
    mailed = [recipient for recipient, _ in roll(database)]
    assert mailed == ["ada@example.test", "grace@example.test", "hedy@example.test"]


def test_nobody_is_mailed_about_what_ended(database: Database) -> None:
    people.ready(database)
    done = book(database)
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms())
    older_rules(database)
    assert roll(database) == []


def test_the_platform_is_told_when_it_moves_and_when_it_no_longer_does(database: Database) -> None:
    people.ready(database)
    done = book(database)
    older_rules(database)
    roll(database)
    (body,) = told(database)
    assert body["type"] == "session.wall_clock_moved"
    assert (body["data"]["booked_for"], body["data"]["wall_moved"]) == (BEFORE, AFTER)
    assert body["data"]["session_id"] == done.session.id
    assert told(database) == []
    with database.write() as tx:
        bookings.rebook(tx, done.booking.id, at(10, 10), people.terms())
    assert [body["type"] for body in told(database)] == ["session.wall_clock_restored"]
    assert told(database) == []


@pytest.mark.parametrize(("coach_id", "found"), [(None, 1), ("ada", 1), ("bob", 0)])
def test_ops_find_the_coming_ones(database: Database, coach_id: str | None, found: int) -> None:
    people.ready(database)
    done = book(database)
    older_rules(database)
    roll(database)
    later = people.NOW.fromtimestamp(TEN, people.NOW.tzinfo)
    with database.read() as tx:
        listed = overview.moved_clocks(tx, now=people.NOW, coach_id=coach_id)
        assert overview.moved_clocks(tx, now=later, coach_id=coach_id) == []
    assert [(each.session_id, each.wall, each.wall_moved) for each in listed] == [
        (done.session.id, BEFORE, AFTER)
    ] * found
