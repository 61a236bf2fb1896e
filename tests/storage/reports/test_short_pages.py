"""Seats of pods that are short, and those whose local time moved, page after page: each once, in
the order in which they begin, whatever else is asked.
"""

from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.sessions import Context
from storage.reports.lists import Key, SessionFilter
from storage.reports.session_lists import bookings_page
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.kit import TEN, TWO, create, join
from tests.support import people

DUE = people.NOW + timedelta(days=3)
LATER = people.NOW + timedelta(days=30)
"""After each deadline."""


def listed(database: Database, wanted: SessionFilter, limit: int) -> list[tuple[int, str]]:
    """When each begins, and whose it is; as many looks as it takes."""
    after: Key | None = None
    found = []
    for _ in range(20):
        with database.read() as tx:
            page = bookings_page(tx, wanted, after, limit=limit, now=LATER)
        for booking, session in page.items:
            found.append((session.starts, booking.participant.id))
        after = page.after
        if after is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.fixture
def pods(database: Database) -> Database:
    """Two that are short, the later one with two seats taken, and one that is not."""
    people.ready(database)
    late = create(
        database, start=TWO, min_seats=3, capacity=4, deadline=DUE, context=Context(company="acme")
    )
    early = create(database, start=TEN, min_seats=2, capacity=4, deadline=DUE)
    full = create(database, start=TWO + 2 * 86_400, min_seats=1, capacity=4, deadline=DUE)
    join(database, late, people.GRACE)
    join(database, late, people.HEDY)
    join(database, early, people.HEDY)
    join(database, full, people.HEDY)
    return database


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_seats_of_short_pods_come_once_each_and_in_order(pods: Database, limit: int) -> None:
    found = listed(pods, SessionFilter(short_of_seats=True), limit)
    assert [starts for starts, _ in found] == [TEN, TWO, TWO]
    assert found[0] == (TEN, people.HEDY.id)
    assert {each for _, each in found[1:]} == {people.GRACE.id, people.HEDY.id}


def test_other_filters_hold_too(pods: Database) -> None:
    acme = listed(pods, SessionFilter(short_of_seats=True, company="acme"), 50)
    assert [starts for starts, _ in acme] == [TWO, TWO]
    hedy = listed(pods, SessionFilter(short_of_seats=True, participant_id=people.HEDY.id), 1)
    assert [starts for starts, _ in hedy] == [TEN, TWO]
    since = SessionFilter(short_of_seats=True, changed_since=people.NOW)
    assert len(listed(pods, since, 2)) == 3


def test_a_seat_that_is_taken_or_a_pod_that_moves_is_seen_at_once(pods: Database) -> None:
    with pods.read() as tx:
        first, *_ = bookings_page(
            tx, SessionFilter(short_of_seats=True), None, limit=50, now=LATER
        ).items
    pod = first[1]
    with pods.write() as tx:
        tx.execute(update(tables.sessions).where(tables.sessions.c.id == pod.id).values(taken=2))
    assert [starts for starts, _ in listed(pods, SessionFilter(short_of_seats=True), 50)] == [
        TWO,
        TWO,
    ]


@pytest.mark.parametrize("limit", [1, 50])
def test_moved_ones_are_the_coach_s_and_the_participant_s(pods: Database, limit: int) -> None:
    row = tables.sessions.c
    seat = tables.bookings.c
    with pods.write() as tx:
        tx.execute(
            update(tables.sessions).where(row.starts == TEN).values(wall_moved="2026-06-02T11:00")
        )
        mine = update(tables.bookings).where(seat.participant_id == people.GRACE.id)
        tx.execute(mine.values(wall_moved="2026-06-02T15:00"))
    found = listed(pods, SessionFilter(moved=True), limit)
    assert [starts for starts, _ in found] == [TEN, TWO, TWO]
    rest = listed(pods, SessionFilter(moved=False), limit)
    assert [starts for starts, _ in rest] == [TWO + 2 * 86_400]
