"""Migrations of tables that are large and in use: nobody waits for long, whatever stands in their
way, and a kill within one is made up for by the next.
"""

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, select, text

from storage import migrations
from storage.migrations import gently
from storage.schema import tables
from storage.schema.database import Database, create
from tests.support.booked_before import COUNT, booked

INDEX = "ix_bookings_by_company"
LOCKED_SECONDS = 6.0
"""So long somebody is in the way; far more than a migration may wait in a queue of others."""


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Database]:
    database = create(empty_database_url)
    booked(database)
    yield database
    database.close()


def check_filled(database: Database) -> None:
    session, booking, coach = tables.sessions.c, tables.bookings.c, tables.coaches.c
    with database.read() as tx:
        of_sessions = tx.execute(select(session.company, session.changed_ms > 0)).all()
        found = select(booking.company, booking.coach_id, booking.starts == session.starts)
        of_bookings = tx.execute(found.join(tables.sessions)).all()
        of_coaches = tx.scalars(select(coach.changed_ms > 0)).all()
    half = COUNT // 2
    assert Counter(map(tuple, of_sessions)) == {("acme", True): half, (None, True): half}
    assert Counter(map(tuple, of_bookings)) == {
        ("acme", "ada", True): half,
        (None, "ada", True): half,
    }
    assert list(of_coaches) == [True]


def test_rows_of_before_are_listed_right_after(
    before: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gently, "AT_ONCE", 2)
    migrations.migrate(before)
    check_filled(before)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = create(url)
    yield database
    database.close()


def killed_within(url: str, name: str) -> int:
    """The signal that ended a process of its own, which was to migrate, when it called this
    function of `gently` for the second time.
    """
    pid = os.fork()
    if pid == 0:
        try:
            real, called = getattr(gently, name), []

            def deadly(*arguments: Any) -> Any:
                called.append(arguments)
                if len(called) == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments)

            setattr(gently, name, deadly)
            gently.AT_ONCE = 2
            with opened(url) as database:
                migrations.migrate(database)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("name", ["_change_some", "add_index"])
def test_killed_within_the_next_one_goes_on(before_url: str, name: str) -> None:
    assert killed_within(before_url, name) == signal.SIGKILL
    with opened(before_url) as database:
        assert migrations.standing(database) == "older"
        migrations.migrate(database)
        assert migrations.standing(database) == "current"
        check_filled(database)


def test_an_index_that_was_broken_off_is_built_anew(before_url: str) -> None:
    # Given one of which a killed build left the name, and nothing that is read
    with opened(before_url) as database:
        migrations.migrate(database, "0107")
        with database.read() as tx:
            tx.exec_driver_sql(f"CREATE INDEX {INDEX} ON bookings (company)")
            invalid = (
                f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{INDEX}'::regclass"
            )
            tx.exec_driver_sql(invalid)
        # When the schema is migrated, then it is whole
        migrations.migrate(database)
        with database.read() as tx:
            assert tx.scalar(text(gently.IS_WHOLE), {"name": INDEX})
            made = tx.scalar(text(f"SELECT pg_get_indexdef('{INDEX}'::regclass)"))
    assert "(company, starts, id, status)" in str(made)


def test_who_stands_in_a_migrations_way_keeps_nobody_else_waiting(before_url: str) -> None:
    # Given somebody who looks at bookings for long, and somebody who changes them
    waited: list[float] = []
    over = threading.Event()

    def change() -> None:
        with psycopg.connect(before_url, autocommit=True) as other:
            while not over.is_set():
                began = time.monotonic()
                other.execute("UPDATE bookings SET version = version")
                waited.append(time.monotonic() - began)
                over.wait(0.01)

    changing = threading.Thread(target=change)
    with psycopg.connect(before_url) as holder, opened(before_url) as database:
        holder.execute("SELECT 1 FROM bookings")
        releasing = threading.Timer(LOCKED_SECONDS, holder.rollback)
        changing.start()
        releasing.start()
        # When the schema is migrated, then it comes through once they are done
        migrations.migrate(database)
        over.set()
        changing.join()
        releasing.join()
        assert migrations.standing(database) == "current"
    # And others waited for no longer than it stood in line each time
    assert max(waited) < LOCKED_SECONDS - 1, f"somebody waited {max(waited):.1f} s"


NEW = re.compile(r"create table (\w+)")
BUILDS = re.compile(r"create (?:unique )?index (?:if not exists )?\w+ on (\w+)")
REWRITES = re.compile(r"^(?:update|delete from|insert into) (\w+)")
LOOKS_AT_ALL = re.compile(r"alter table (\w+) .*(?: type | set not null|add constraint)")
HARMLESS = ("alembic_version",)


def held_up(statements: list[str]) -> Iterator[str]:
    """Those that hold a table up for as long as it is large."""
    new = set(HARMLESS)
    for statement in statements:
        plain = " ".join(statement.lower().replace('"', "").split())
        new.update(NEW.findall(plain))
        for shape in (BUILDS, REWRITES, LOOKS_AT_ALL):
            found = shape.search(plain)
            if found and found[1] not in new and "not valid" not in plain:
                yield plain


def test_no_migration_since_the_release_before_holds_a_large_table_up(before_url: str) -> None:
    """It builds indexes by `gently.add_index`, and fills columns by `gently.change_rows`."""
    within: list[str] = []

    def keep(tx: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # What is done beside the migration's transaction is a transaction by itself, or a batch.
        if not ("CONCURRENTLY" in statement or statement.startswith("WITH chosen")):
            within.append(statement)

    with opened(before_url) as database:
        event.listen(database.engine, "before_cursor_execute", keep)
        migrations.migrate(database)
    assert list(held_up(within)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ix_x ON outbox (state)",
        "UPDATE sessions SET place = 'x'",
        "ALTER TABLE bookings ALTER COLUMN answer SET NOT NULL",
        "ALTER TABLE bookings ADD CONSTRAINT some CHECK (version > 0)",
    ],
)
def test_what_would_hold_one_up_is_seen(statement: str) -> None:
    assert list(held_up([statement])) != []
    assert list(held_up(["CREATE TABLE other (id int)", "CREATE INDEX ix ON other (id)"])) == []
