"""What lists are read by: columns that triggers keep true whoever writes, and indexes that serve
every filter in the order of pages.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from domain.sessions import Context
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.kit import TEN, TWO, change, create, join, leave
from tests.support import people

LISTED = ("coach_id", "starts", "company", "project", "cohort", "programme_name")


def listed(database: Database) -> list[tuple[Any, ...]]:
    row = tables.bookings.c
    with database.read() as tx:
        columns = [row[name] for name in LISTED]
        return [tuple(each) for each in tx.execute(select(*columns).order_by(row.participant_id))]


def test_a_booking_s_columns_follow_its_session_whoever_writes_that(database: Database) -> None:
    # Given two seats in a pod of a company: one of a cohort, one that leaves it all open
    people.ready(database)
    made = create(database, context=Context(company="acme", programme_name="Lead"))
    join(database, made, people.GRACE, Context(company="acme", cohort="spring"))
    join(database, made, people.HEDY)
    assert listed(database) == [
        ("ada", TEN, "acme", None, "spring", "Lead"),
        ("ada", TEN, "acme", None, None, "Lead"),
    ]

    # When the pod moves, and another release writes whose it is
    change(database, made, start=TWO)
    row = tables.sessions
    with database.write() as tx:
        other = update(row).where(row.c.id == made.pod.id)
        tx.execute(other.values(context={"company": "other", "project": "p"}))

    # Then both are listed there
    assert listed(database) == [
        ("ada", TWO, "acme", "p", "spring", None),
        ("ada", TWO, "other", "p", None, None),
    ]


def test_what_is_told_of_a_session_says_when_it_changed_and_nothing_else_does(
    database: Database,
) -> None:
    people.ready(database)
    made = create(database)
    row = tables.sessions

    def changed_ms() -> int:
        with database.read() as tx:
            return int(tx.scalar(select(row.c.changed_ms)) or 0)

    def forget() -> None:
        with database.write() as tx:
            tx.execute(update(row).values(changed_ms=0))

    assert changed_ms() > 0
    # A seat that is taken or left is told
    forget()
    taken = join(database, made, people.GRACE)
    assert changed_ms() > 0
    forget()
    leave(database, taken)
    assert changed_ms() > 0
    # Where its event was written is not
    forget()
    with database.write() as tx:
        tx.execute(update(row).values(event_calendar_id="cal", event_stood_ms=1))
    assert changed_ms() == 0


def test_a_coach_says_when_the_settings_changed(database: Database) -> None:
    people.introduce(database, people.MAILED)
    row = tables.coaches
    with database.write() as tx:
        tx.execute(update(row).values(changed_ms=0))
    people.introduce(database, people.MAILED)  # the same once more
    with database.read() as tx:
        assert tx.scalar(select(row.c.changed_ms)) == 0
    people.introduce(database, replace(people.MAILED, notice=60))
    with database.read() as tx:
        assert (tx.scalar(select(row.c.changed_ms)) or 0) > 0
