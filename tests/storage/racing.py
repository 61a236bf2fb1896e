"""Many at once, each in a thread and a transaction of its own."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from unittest.mock import patch

from sqlalchemy import Connection, text

from domain.sessions import Participant, Refused
from storage.schema import deadlines, postgres, sqlite
from storage.schema.database import Database
from tests.support import people

MANY = 16
PATIENCE = 60
Act = Callable[[Connection], object]
NO_HURRY = text(
    f"SELECT set_config('lock_timeout', '{PATIENCE}s', true),"
    f" set_config('statement_timeout', '{PATIENCE}s', true)"
)
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def everyone(count: int = MANY) -> list[Participant]:
    return [replace(people.GRACE, id=f"p{n}", email=f"p{n}@example.test") for n in range(count)]


def race(database: Database, acts: Sequence[Act]) -> list[str]:
    """Each in a thread and a transaction of its own, all at once: "done", or the code of the
    refusal.

    Whatever else comes out of the database (IntegrityError, a deadlock, a lock not had) ends the
    test.

    The race: the last of so many waits for all the others, which on a slow machine take more than
    the 4 s in which the product has a lock. Who is first is asked here, not how soon.
    """
    ready = Barrier(len(acts))

    def run(act: Act) -> str:
        ready.wait()
        try:
            with deadlines.within(PATIENCE), database.write() as tx:
                if tx.dialect.name == "postgresql":
                    tx.execute(NO_HURRY)
                act(tx)
        except Refused as refused:
            return f"{refused.code}:{refused.reason}"
        return "done"

    with (
        patch.object(sqlite, "BUSY_SECONDS", PATIENCE),
        patch.object(postgres, "CONNECT_SECONDS", PATIENCE),
        ThreadPoolExecutor(len(acts)) as threads,
    ):
        return list(threads.map(run, acts))


def until_somebody_waits(database: Database) -> None:
    """For a lock of PostgreSQL, and so has done what it does before it. With SQLite nobody can be
    asked: there it waits for its turn to begin, whenever it comes.
    """
    if database.engine.dialect.name == "sqlite":
        return
    end = time.monotonic() + 60
    while True:
        with database.read() as tx:
            if tx.scalar(WAITING):
                return
        assert time.monotonic() < end, "nobody waits for a lock"
        time.sleep(0.02)
