"""Quick looks past SQLAlchemy: the same rows, and the same errors when the database is away."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import bindparam, literal, select, text

from storage.schema import tables
from storage.schema.database import Database, Unavailable, create
from storage.schema.database_clock import clock_ms
from storage.schema.fast_reads import query_raw
from tests.support import people
from tests.support.databases import CLEANER, Kind

COACH = select(tables.coaches.c.id, tables.coaches.c.version).where(
    tables.coaches.c.id == bindparam("id")
)
MIXED = select(literal("held"), tables.coaches.c.id, clock_ms()).where(
    tables.coaches.c.id == bindparam("id"), tables.coaches.c.version >= literal(1)
)
HERE = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OTHERS = f"SELECT count(*) {HERE} AND application_name <> '{CLEANER}'"


def test_a_glance_sees_what_is_committed(database: Database) -> None:
    assert query_raw(database, COACH, id="ada") == []
    people.introduce(database)
    assert query_raw(database, COACH, id="ada") == [("ada", 1)]
    assert query_raw(database, COACH, id="a'da") == []


def test_values_that_the_query_holds_itself_go_along(database: Database) -> None:
    people.introduce(database)
    ((held, coach_id, now),) = query_raw(database, MIXED, id="ada")
    assert (held, coach_id) == ("held", "ada")
    assert now > 1_700_000_000_000


def test_a_glance_leaves_nothing_behind_for_the_next_transaction(database: Database) -> None:
    for _ in range(30):  # more than the pool holds
        query_raw(database, COACH, id="ada")
    people.introduce(database)
    assert query_raw(database, COACH, id="ada") == [("ada", 1)]


@pytest.mark.parametrize(
    "url", ["postgresql://127.0.0.1:1/nobody", "sqlite:////no/such/folder/db.sqlite"]
)
def test_a_database_that_is_away_is_unavailable(url: str) -> None:
    away = create(url)
    with pytest.raises(Unavailable):
        query_raw(away, COACH, id="ada")
    away.close()


def test_a_connection_that_the_server_closed_while_idle_is_replaced_unnoticed(
    fresh_database: Callable[[Kind], str],
) -> None:
    # Given connections waiting in the pool
    database = create(fresh_database("postgresql"))
    people.introduce(database)
    # When the server ends all of them, as a restart does
    killer = create(database.engine.url.render_as_string(hide_password=False))
    with killer.write() as tx:
        tx.execute(text(f"SELECT pg_terminate_backend(pid) {HERE}"))
        while tx.scalar(text(OTHERS)) > 0:
            tx.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
    # Then nobody notices, reading or writing
    assert query_raw(database, COACH, id="ada") == [("ada", 1)]
    with database.read() as tx:
        assert tx.scalar(select(tables.coaches.c.id)) == "ada"
    with database.write() as tx:
        tx.execute(tables.coaches.update().values(version=2))
    assert query_raw(database, COACH, id="ada") == [("ada", 2)]
    killer.close()
    database.close()


def test_whoever_closes_the_database_leaves_no_connection_behind(
    fresh_database: Callable[[Kind], str],
) -> None:
    url = fresh_database("postgresql")
    database, watcher = create(url), create(url)
    query_raw(database, COACH, id="ada")
    database.close()
    with watcher.write() as tx:
        while tx.scalar(text(OTHERS)) > 0:
            tx.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
    watcher.close()


def test_what_was_asked_while_it_was_closed_leaves_no_connection_open(database_url: str) -> None:
    """A thread that watches the clock may be at its question then."""
    database = create(database_url)
    query_raw(database, COACH, id="ada")
    under_way = database.kept.pop()
    database.close()
    database.keep(under_way)
    assert not database.kept
    with pytest.raises(Exception, match="closed"):
        under_way[0].execute("SELECT 1")


@pytest.mark.parametrize("begun", ["before it was closed", "after it"])
def test_a_transaction_that_ends_after_that_leaves_no_connection_open(
    begun: str, database_url: str
) -> None:
    database = create(database_url)
    with ExitStack() as transaction:
        if begun == "before it was closed":
            tx = transaction.enter_context(database.write())
            database.close()
        else:
            database.close()
            tx = transaction.enter_context(database.write())
        used: Any = tx.connection.driver_connection
        tx.execute(select(tables.coaches.c.id))
    with pytest.raises(Exception, match="closed"):
        used.execute("SELECT 1")
