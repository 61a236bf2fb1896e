"""Mails about a coach's own calendar are owed by comparing: once, however many look, and without a
look at what is as it was.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.rows import sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, calendar_mails
from tests.support import changed_events, people
from tests.support.people import at
from tests.support.query_plans import plan_of


@pytest.fixture
def connection(database: Database) -> str:
    return people.ready(database)


def book(database: Database, hour: int, day: int = 4) -> str:
    with database.write() as tx:
        wanted = Wanted("ada", at(day, hour), 30)
        made = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
    return made.session.id


def owe(database: Database, limit: int = 200) -> int:
    with database.write() as tx:
        return len(calendar_mails.owe(tx, now=people.NOW, limit=limit))


def test_whoever_looks_at_once_owes_each_mail_once(database: Database, connection: str) -> None:
    found = [book(database, hour, day) for day in (4, 5) for hour in range(8, 15, 2)]
    with database.write() as tx:
        sessions.mark_conflicts(tx, found[:4], since=people.NOW)
        for session_id in found[4:]:
            changed_events.found(tx, session_id, connection)
    with ThreadPoolExecutor(4) as pool:
        owed = list(pool.map(lambda _: owe(database, limit=3), range(4)))
    while rest := owe(database, limit=3):
        owed.append(rest)
    assert sum(owed) == len(found)
    with database.read() as tx:
        assert not calendar_mails.waits(tx)
        rows = tx.execute(tables.outbox.select()).all()
    about = [row.session_id for row in rows if row.topic in calendar_mails.OWN]
    assert sorted(about) == sorted(found)


def test_what_is_being_changed_just_now_is_mailed_of_later_and_nobody_waits(
    database: Database, connection: str
) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one writes at a time anyway
    session_id, other = book(database, 9), book(database, 13)
    with database.write() as tx:
        sessions.mark_conflicts(tx, [session_id], since=people.NOW)
        changed_events.found(tx, other, connection)
    with database.write() as busy:
        busy.execute(tables.sessions.update().values(title="Circle"))
        busy.execute(tables.event_differences.update().values(since=people.NOW))
        assert owe(database) == 0
    assert owe(database) == 2


def test_looking_for_conflicts_reads_no_session_that_has_none(
    database: Database, connection: str
) -> None:
    statement = (
        "SELECT id FROM sessions WHERE conflict_since IS DISTINCT FROM mailed_conflict ORDER BY id"
    )
    assert "ix_sessions_unmailed" in plan_of(database, statement)
