"""Participants who are in two sessions at once are told to ops, and left as they are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.sessions import NO_CONTEXT
from storage.reports import overlaps
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from tests.support.people import GRACE, at

TEN = at(8, 10)


@pytest.fixture
def two(database: Database) -> Database:
    """Grace at ten with Ada, and at half past with Bob, forced; and Hedy with Ada at noon."""
    people.ready(database)
    people.ready(database, replace(people.MAILED, id="bob", email="bob@example.test"))
    with database.write() as tx:
        for coach, start, who in (
            ("ada", TEN, GRACE),
            ("bob", TEN + 1800, GRACE),
            ("ada", at(8, 12), people.HEDY),
        ):
            wanted = Wanted(coach, start, 60, "They asked for it.")
            bookings.book(tx, wanted, who, NO_CONTEXT, people.terms())
    return database


def test_each_pair_is_told_once_with_ids_alone(two: Database) -> None:
    with two.read() as tx:
        [found] = overlaps.coming(tx, now=people.NOW)
        assert overlaps.count_unforced(tx, now=people.NOW) == 0
    assert (found.participant_id, found.coach_id, found.starts) == ("grace", "ada", TEN)
    assert (found.other_coach_id, found.other_starts) == ("bob", TEN + 1800)
    assert found.forced is True


def test_what_was_there_before_the_rule_is_counted(two: Database) -> None:
    with two.write() as tx:
        tx.execute(tables.bookings.update().values(overlap_reason=None))
    with two.read() as tx:
        assert overlaps.count_unforced(tx, now=people.NOW) == 1
        assert [each.forced for each in overlaps.coming(tx, now=people.NOW)] == [False]


def test_what_is_over_or_far_away_or_called_off_is_not_told(two: Database) -> None:
    over = people.NOW + timedelta(days=8)
    with two.read() as tx:
        assert overlaps.coming(tx, now=over) == []
        assert overlaps.coming(tx, now=people.NOW - overlaps.AHEAD) == []
    with two.write() as tx:
        row = tables.bookings.c
        tx.execute(tables.bookings.update().where(row.starts == TEN).values(status="cancelled"))
    with two.read() as tx:
        assert overlaps.coming(tx, now=people.NOW) == []
