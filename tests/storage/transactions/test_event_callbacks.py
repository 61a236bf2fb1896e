"""The platform is told once of what a coach did to a session's event, and once of its end."""

from typing import Any

import pytest
from sqlalchemy import select

from storage.rows import event_differences
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, callbacks, store_reading
from tests.support import changed_events, people
from tests.support.people import at

STANDS = (at(3, 14), at(3, 15))


@pytest.fixture
def session(database: Database) -> tuple[str, str]:
    """Grace's with Ada, and Ada's connection; the platform was told of all that."""
    connection_id = people.ready(database)
    with database.write() as tx:
        wanted = Wanted("ada", at(4, 9), 60)
        made = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
        callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after)
    return made.session.id, connection_id


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What is told now, slots left out."""
    with database.write() as tx:
        wakes = callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after)
        ids = [outbox_id for outbox_id, _ in wakes]
        rows = tx.execute(tables.outbox.select().where(tables.outbox.c.id.in_(ids))).all()
    found = [(row.topic, row.payload["data"]) for row in rows]
    return [(topic, data) for topic, data in found if topic != "slots.changed"]


def found(database: Database, session: tuple[str, str], *stands: Any, **options: Any) -> None:
    with database.write() as tx:
        changed_events.found(tx, *session, *stands, **options)


def settle(database: Database, session: tuple[str, str]) -> None:
    with database.write() as tx:
        assert event_differences.settle(tx, session[0])


def test_each_step_of_an_episode_is_told_once(database: Database, session: tuple[str, str]) -> None:
    found(database, session, STANDS)
    [(topic, data)] = told(database)
    assert topic == "session.event_moved"
    assert data["session_id"] == session[0]
    assert (data["starts"], data["event_starts"]) == (
        "2026-06-04T09:00:00Z",
        "2026-06-03T14:00:00Z",
    )
    assert told(database) == []
    for kind, declined in (("declined", True), ("deleted", False)):
        found(database, session, None, kind=kind)
        [(topic, data)] = told(database)
        assert (topic, data["declined"]) == ("session.event_deleted", declined)
        assert told(database) == []
    settle(database, session)
    assert [topic for topic, _ in told(database)] == ["session.event_settled"]
    assert told(database) == []
    with database.read() as tx:
        assert tx.execute(tables.event_differences.select()).all() == []


def test_what_was_settled_before_anybody_was_told_is_not_told(
    database: Database, session: tuple[str, str]
) -> None:
    found(database, session, STANDS)
    settle(database, session)
    assert told(database) == []


def test_a_new_episode_after_a_settled_one_is_told_of_anew(
    database: Database, session: tuple[str, str]
) -> None:
    for _ in range(2):
        found(database, session, STANDS)
        assert [topic for topic, _ in told(database)] == ["session.event_moved"]
        settle(database, session)
        assert [topic for topic, _ in told(database)] == ["session.event_settled"]


def test_settled_and_changed_again_between_two_looks_tells_how_it_is_now(
    database: Database, session: tuple[str, str]
) -> None:
    found(database, session, STANDS)
    told(database)
    settle(database, session)
    found(database, session, None, kind="deleted")
    assert [topic for topic, _ in told(database)] == ["session.event_deleted"]


def disconnect(database: Database, session: tuple[str, str]) -> list[tuple[str, str | None]]:
    """The callbacks about events that are owed then, with the session of each."""
    row = tables.outbox.c
    with database.write() as tx:
        store_reading.forget(tx, session[1], now=people.NOW)
        query = tables.outbox.select().where(row.topic.like("session.event_%"))
        rows = tx.execute(query.order_by(row.version)).all()
    return [(each.topic, each.session_id) for each in rows]


@pytest.mark.parametrize("settled", [False, True])
def test_that_it_is_over_is_told_when_its_account_goes(
    database: Database, session: tuple[str, str], settled: bool
) -> None:
    found(database, session, STANDS)
    told(database)
    if settled:
        settle(database, session)
    told_of = [("session.event_moved", session[0]), ("session.event_settled", session[0])]
    assert disconnect(database, session) == told_of
    assert told(database) == []


def test_of_what_nobody_was_told_no_end_is_told(
    database: Database, session: tuple[str, str]
) -> None:
    found(database, session, STANDS)
    assert disconnect(database, session) == []


def test_where_nothing_is_posted_its_end_is_in_the_feed_alone(
    database: Database, session: tuple[str, str]
) -> None:
    found(database, session, STANDS)
    row = tables.events.c
    with database.write() as tx:
        # Given a deployment without an address for callbacks, whose feed tells of the episode
        callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after, posted=False)
        store_reading.forget(tx, session[1], now=people.NOW, posted=False)
        told_of = tx.scalars(select(row.topic).where(row.topic.like("session.event_%")))
        assert set(told_of) == {"session.event_moved", "session.event_settled"}
        # Then no row is owed to that address, which would be tried for three days, and be dead
        owed = tables.outbox.c
        waiting = select(owed.topic).where(owed.kind == "callback", owed.topic.like("session.%"))
        assert tx.scalars(waiting).all() == []
