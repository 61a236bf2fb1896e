"""What a migration waits for, over data: another release's, and whoever is at work. Each wait has
an end, and none is a cycle that PostgreSQL does not see.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from storage import migrations
from storage.migrations import gently
from storage.schema import deadlines
from storage.schema.database import Database, create
from storage.schema.outages import kind_of

HOLDS = f"SELECT pg_advisory_lock({migrations.ADVISORY_LOCK})"
OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
BUILDING = f"SELECT pid FROM pg_stat_activity WHERE {OTHERS} AND query LIKE 'CREATE INDEX%'"
AT_WORK = f"{BUILDING} AND state = 'active'"
LOOKS_AT_NOTHING = (
    f"SELECT pid FROM pg_stat_activity WHERE {OTHERS} AND state = 'idle in transaction'"
    " AND backend_xmin IS NULL"
)
SECONDS = 60.0
"""So long anything takes at most, on any machine."""
SLOW = (
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END';"
    " CREATE TRIGGER slow BEFORE UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION slow()"
)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = create(url)
    yield database
    database.close()


@contextmanager
def looking(url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(url, autocommit=True) as other:
        yield other


def until(url: str, query: str, *, some: bool) -> None:
    """Until it answers something, or nothing."""
    end = time.monotonic() + SECONDS
    with looking(url) as other:
        while bool(other.execute(query.encode()).fetchall()) != some:
            assert time.monotonic() < end, f"not within {SECONDS:.0f} s: {query}"
            time.sleep(0.02)


@contextmanager
def migrating(url: str, count: int) -> Iterator[list[BaseException]]:
    """So many releases at once, while the block runs and until they end. What they raised."""
    raised: list[BaseException] = []

    def release() -> None:
        try:
            with opened(url) as database:
                migrations.migrate(database)
        except BaseException as error:  # noqa: BLE001 (whatever a thread raises, the test must see)
            raised.append(error)

    threads = [threading.Thread(target=release) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield raised
    finally:
        for thread in threads:
            thread.join()


def test_several_releases_may_migrate_at_once_over_data(
    before_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MOST_SECONDS", SECONDS)
    with migrating(before_url, 3) as raised:
        pass
    assert raised == []
    with opened(before_url) as database:
        assert migrations.standing(database) == "current"


def test_who_waits_for_another_release_keeps_no_index_waiting(before_url: str) -> None:
    # Given another release at it
    with looking(before_url) as holder:
        holder.execute(HOLDS.encode())
        # When somebody waits for it, then they look at nothing in between
        with migrating(before_url, 1) as raised:
            try:
                until(before_url, LOOKS_AT_NOTHING, some=True)
            finally:
                holder.close()
    assert raised == []


def test_another_release_is_not_waited_for_without_end(
    before_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(before_url) as holder, opened(before_url) as database:
        holder.execute(HOLDS.encode())
        monkeypatch.setattr(migrations, "MOST_SECONDS", 0.5)
        with pytest.raises(OperationalError, match="another release") as caught:
            migrations.migrate(database)
    assert kind_of(caught.value) == "busy"


@contextmanager
def in_the_way(url: str) -> Iterator[None]:
    """Somebody is at work in bookings: an index of them has to wait."""
    with opened(url) as database:
        migrations.migrate(database, "0107")
    with psycopg.connect(url) as holder:
        holder.execute("UPDATE bookings SET version = version")
        yield
        holder.rollback()


def test_an_index_that_gives_up_waiting_leaves_nobody_at_work(
    before_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_the_way(before_url), opened(before_url) as database:
        monkeypatch.setattr(migrations, "MOST_SECONDS", 20)
        monkeypatch.setattr(gently, "PATIENCE_SECONDS", 1)
        with pytest.raises(OperationalError) as caught:
            migrations.migrate(database)
        assert kind_of(caught.value) == "busy"
        with looking(before_url) as other:
            assert other.execute(AT_WORK.encode()).fetchall() == []
    # And the next one comes through
    with opened(before_url) as database:
        migrations.migrate(database)
        assert migrations.standing(database) == "current"


def test_an_index_of_a_killed_migration_is_given_up_by_the_server(before_url: str) -> None:
    with in_the_way(before_url):
        pid = os.fork()
        if pid == 0:
            try:
                gently.LOOKS_FOR_US_EVERY = "100ms"
                with opened(before_url) as database:
                    migrations.migrate(database)
            finally:
                os._exit(0)
        try:
            until(before_url, AT_WORK, some=True)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        until(before_url, BUILDING, some=False)


def test_what_the_server_does_for_an_index_has_an_end_too(
    before_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that does not know how to look for us
    monkeypatch.setattr(gently, "LOOKS_FOR_US_EVERY", "-1")
    shown = []
    limit = "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"
    with (
        opened(before_url) as database,
        deadlines.within(90),
        gently._unhurried(database) as tx,
    ):
        for name in ("lock_timeout", "client_connection_check_interval"):
            shown.append(str(tx.exec_driver_sql(f"SHOW {name}").scalar_one()))
        milliseconds = tx.exec_driver_sql(limit).scalar_one()
    assert shown == ["10min", "0"]
    assert 60_000 < milliseconds <= 90_000


def test_rows_may_take_longer_than_a_workers_statement(
    before_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill, when those that are done already are passed over first."""
    monkeypatch.setattr("storage.schema.database.SECONDS", {"worker": (SECONDS, 1)})
    with looking(before_url) as other:
        other.execute(SLOW.encode())
    with opened(before_url) as database:
        migrations.migrate(database, "0107")
