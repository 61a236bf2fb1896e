"""A migration that is killed, or comes while another one is at it: the next one finishes."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.runtime.migration import HeadMaintainer

from storage import migrations
from storage.schema.database import Database, create
from storage.schema.tables import metadata


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = create(url)
    yield database
    database.close()


def revision(url: str) -> str | None:
    with opened(url) as database, database.read() as tx:
        return MigrationContext.configure(tx).get_current_revision()


def killed_at(url: str, step: int) -> int:
    """The signal that ended a process of its own, which was to migrate: in that step the new tables
    are there, and its number is not written yet.
    """
    pid = os.fork()
    if pid == 0:
        try:
            _die_at(step)
            with opened(url) as database:
                migrations.migrate(database)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


def _die_at(step: int) -> None:
    write, steps = HeadMaintainer.update_to_step, count(1)

    def deadly(*arguments: Any) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        write(*arguments)

    setattr(HeadMaintainer, "update_to_step", deadly)  # noqa: B010 (in the fork alone, untyped)


def reached(url: str, since: str | None, step: int) -> str | None:
    """Where the schema is then: on PostgreSQL each step before the one broken off stays."""
    if since is None or url.startswith("sqlite"):
        return since
    follower = {before: name for name, before in migrations.FOLLOWS.items()}
    for _ in range(step - 1):
        since = follower[since]
    return since


@pytest.mark.parametrize(("since", "step"), [(None, 1), (None, 7), ("0007", 1), ("0010", 2)])
def test_after_a_kill_a_schema_is_whole_and_the_next_one_finishes(
    empty_database_url: str, since: str | None, step: int
) -> None:
    if since is not None:
        with opened(empty_database_url) as database:
            migrations.migrate(database, since)
    assert killed_at(empty_database_url, step) == signal.SIGKILL
    assert revision(empty_database_url) == reached(empty_database_url, since, step)
    with opened(empty_database_url) as database:
        migrations.migrate(database)
        with database.read() as tx:
            context = MigrationContext.configure(tx, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []


def test_on_sqlite_a_slow_one_is_waited_for_as_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who writes for longer than a request would wait
    monkeypatch.setattr("storage.schema.sqlite.BUSY_SECONDS", 0.1)
    file = tmp_path / "some.sqlite"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(1, _let_go(other))
    letting_go.start()
    # When the schema is to be made, then it is
    with opened(f"sqlite:///{file}") as database:
        migrations.migrate(database)
        assert migrations.standing(database) == "current"
    letting_go.join()


def _let_go(other: sqlite3.Connection) -> Callable[[], None]:
    def ends() -> None:
        other.execute("COMMIT")
        other.close()

    return ends
