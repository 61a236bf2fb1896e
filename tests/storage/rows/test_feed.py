"""The feed: every event once, in an order in which nothing is ever put in before what was read."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from domain import events
from domain.events import Event
from storage.rows import feed
from storage.schema.database import Database, Tx
from storage.schema.tables import events as rows
from tests.support import people
from tests.support.query_plans import plan_of


def happened(tx: Tx, *names: str) -> None:
    feed.add(tx, [events.synced(name, people.NOW) for name in names])


def number(database: Database) -> int:
    with database.write() as tx:
        return feed.number(tx)


def read(database: Database, after: int = 0) -> list[tuple[int, str]]:
    """What a reader sees who has read so far: (position, coach)."""
    with database.read() as tx:
        last = feed.ends_of(tx).last_position
        page = feed.page(tx, after=after, through=last, limit=100)
    return [(event.position, event.coach_id) for event in page]


def test_what_is_numbered_is_read_in_the_order_in_which_it_was_written(database: Database) -> None:
    with database.write() as tx:
        happened(tx, "ada", "grace")
        happened(tx, "hedy")
    assert read(database) == []
    assert number(database) == 3
    assert number(database) == 0
    assert read(database) == [(1, "ada"), (2, "grace"), (3, "hedy")]


def test_who_commits_late_comes_later_and_is_never_jumped_over(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one transaction writes at a time
    # Given: ada's change is written first, and commits last.
    with database.engine.connect() as slow:
        begun = slow.execution_options(isolation_level="READ COMMITTED").begin()
        happened(slow, "ada")
        with database.write() as tx:
            happened(tx, "grace")
        # When: a reader has read all that is there meanwhile.
        number(database)
        assert read(database) == [(1, "grace")]
        begun.commit()
    # Then: ada's event is behind what it has read, though it was written before.
    number(database)
    assert read(database, after=1) == [(2, "ada")]
    with database.read() as tx:
        assert tx.scalars(select(rows.c.coach_id).order_by(rows.c.seq)).all() == ["ada", "grace"]


def test_numbers_go_to_one_at_a_time(database: Database) -> None:
    """Somebody who numbers late waits for who is at it, and goes on behind them."""
    if database.engine.dialect.name == "sqlite":
        return  # there, one transaction writes at a time
    with database.write() as tx:
        happened(tx, "ada")
    with database.write() as first:
        assert feed.number(first) == 1
        with database.write() as tx:
            happened(tx, "grace")
        with database.engine.connect() as second, second.begin():
            second.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(Exception, match="lock"):
                feed.number(second)
    assert number(database) == 1
    assert read(database) == [(1, "ada"), (2, "grace")]


def test_the_change_of_a_booking_is_one_event_however_often_it_is_written(
    database: Database,
) -> None:
    change = Event("booking.booked", "bkg_1", "ada", people.NOW, {"version": 1})
    for _ in range(2):
        with database.write() as tx:
            feed.add(tx, [change])
    assert number(database) == 1


def test_of_a_coachs_slots_the_latest_event_is_kept_and_it_alone(database: Database) -> None:
    for version in (1, 2):
        with database.write() as tx:
            feed.replace_slots(tx, ["ada"])
            feed.add(tx, [events.slots_changed("ada", version, people.NOW)])
            happened(tx, "ada")
        number(database)
    assert [position for position, _ in read(database)] == [2, 3, 4]
    with database.read() as tx:
        slots = feed.page(tx, after=0, through=9, limit=9, topics=(events.SLOTS,))
    assert [event.data["version"] for event in slots] == [2]


def test_what_is_older_than_90_days_goes_and_numbers_go_on(database: Database) -> None:
    with database.write() as tx:
        happened(tx, "ada")
        feed.add(tx, [events.slots_changed("ada", 1, people.NOW)])
        feed.add(tx, [events.synced("grace", people.NOW + timedelta(days=2))])
    number(database)
    with database.write() as tx:
        assert feed.drop_old(tx, now=people.NOW + timedelta(days=91)) == 1
        assert feed.ends_of(tx).dropped_through == 1
    # Of slots the latest is kept as long as its coach: it is how they are now.
    assert read(database) == [(2, "ada"), (3, "grace")]
    with database.write() as tx:
        feed.drop_old(tx, now=people.NOW + timedelta(days=99))
        happened(tx, "hedy")
    number(database)
    assert read(database, after=3) == [(4, "hedy")]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("position IS NULL ORDER BY seq", "ix_events_unnumbered"),
        ("position > 5 ORDER BY position", "events_position"),
        ("position > 5 AND topic = 'slots.changed' ORDER BY position", "ix_events_of_slots"),
        ("position > 5 AND coach_id = 'ada' ORDER BY position", "ix_events_coach_id_position"),
    ],
)
def test_no_reader_looks_at_what_it_does_not_want(
    database: Database, wanted: str, index: str
) -> None:
    # Given a feed of some length, as the database knows it: of an empty one any index will do.
    told: list[dict[str, object]] = []
    for number in range(3_000):
        about = {"id": f"evt_{number}", "subject": "x", "coach_id": f"coach-{number % 100}"}
        topic = "slots.changed" if number % 10 == 0 else "booking.booked"
        told.append(about | {"position": number, "topic": topic, "at": people.NOW, "data": {}})
    with database.write() as tx:
        tx.execute(rows.insert(), told)
        tx.exec_driver_sql("ANALYZE events")
    plan = plan_of(database, f"SELECT seq FROM events WHERE {wanted} LIMIT 9")
    # What SQLite calls the index of a constraint.
    assert index in plan or "autoindex_events" in plan
