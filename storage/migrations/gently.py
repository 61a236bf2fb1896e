"""What a migration does to a table that may be large and is in use: it holds nobody up for longer
than a moment.

On PostgreSQL such work is done beside the migration's own transaction, which holds no lock of the
table meanwhile. It may be killed anywhere: run again, it goes on where it was. A database that was
empty, and SQLite, which has one lock for all, do it within the transaction.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from alembic import context, op
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DataError, OperationalError

from storage.schema import deadlines
from storage.schema.database import Database
from storage.schema.outages import kind_of

Result = TypeVar("Result")
LOCK_MS = 500
"""Whoever waits for a lock keeps those waiting who come after it: no longer than that."""
PATIENCE_SECONDS = 600
"""For whoever holds a lock that is needed, and for one statement that changes rows."""
PAUSE_SECONDS = 0.3
AT_ONCE = 500
LOOKS_FOR_US_EVERY = "5s"
"""So often the server looks whether we are still there, while it builds an index."""
HAS_CHANGED = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
IS_WHOLE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"


def add_index(
    name: str,
    table: str,
    columns: Sequence[str],
    where: str | None = None,
    *,
    sqlite_where: str | None = None,
    anew: bool = False,
) -> None:
    """An index of a table that is there already. One that is there stays, unless it is to be built
    anew. `sqlite_where`: the condition in SQLite's words, where those are others.
    """
    database = _beside()
    if database is None:
        if anew:
            drop_index(name, table)
        some, of_sqlite = _text(where), _text(sqlite_where or where)
        op.create_index(
            name, table, columns, if_not_exists=True, postgresql_where=some, sqlite_where=of_sqlite
        )
        return
    condition = ""
    if where is not None:
        condition = f" WHERE {where}"
    made = f"CREATE INDEX CONCURRENTLY {name} ON {table} ({', '.join(columns)}){condition}"
    with _unhurried(database) as tx:
        if not anew and tx.scalar(text(IS_WHOLE), {"name": name}):
            return
        # One that was broken off stands there, is kept up to date, and is read by nobody.
        tx.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        tx.exec_driver_sql(made)


def drop_index(name: str, table: str) -> None:
    op.drop_index(name, table, if_exists=True)


def change_rows(table: str, change: str, where: str) -> None:
    """`UPDATE table SET change WHERE where`, some rows at a time. A row that was changed must not
    be one of them any more: that is how it goes on after a kill.
    """
    database = _beside()
    if database is None:
        op.execute(f"UPDATE {table} SET {change} WHERE {where}")  # noqa: S608 (a migration's own words)
        return
    after: str | None = ""
    while after is not None:
        after = patiently(partial(_change_some, database, table, change, where, after))


def patiently(work: Callable[[], Result]) -> Result:
    """What `work` answers, in a transaction of its own. It is run again while others hold the locks
    that it needs.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except OperationalError as error:
            if kind_of(error) not in ("busy", "again") or time.monotonic() > end:
                raise
        time.sleep(PAUSE_SECONDS)


def keep_out_of_the_way(tx: Connection) -> None:
    """This transaction, which is open while indexes are built beside it, keeps none from it."""
    # psycopg prepares what it is asked often; the answer of such a statement stays open until the
    # transaction ends, and an index waits for all who may still look at what was before it.
    driver: Any = tx.connection.driver_connection
    driver.prepare_threshold = None


def hurry(tx: Connection) -> None:
    """This transaction waits for no lock for long. Its statements may take longer than a worker's:
    after a kill the first one passes over all rows that are done already.
    """
    tx.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_MS}ms'")
    tx.exec_driver_sql(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS}s'")


def _change_some(database: Database, table: str, change: str, where: str, after: str) -> str | None:
    """The last of the rows that were changed. None: there was none any more."""
    rows = f"SELECT id FROM {table} WHERE id > :after AND ({where}) ORDER BY id LIMIT {AT_ONCE}"  # noqa: S608 (as above)
    # In the order of their ids: whoever locks several in another order would wait for us, and we
    # for them.
    chosen = f"WITH chosen AS ({rows} FOR UPDATE)"
    changed = f"UPDATE {table} SET {change} WHERE id IN (SELECT id FROM chosen) RETURNING id"  # noqa: S608 (as above)
    whole = f"{chosen}, changed AS ({changed}) SELECT max(id) FROM changed"  # noqa: S608 (as above)
    with database.write() as tx:
        hurry(tx)
        last: str | None = tx.scalar(text(whole), {"after": after})
    return last


@contextmanager
def _unhurried(database: Database) -> Iterator[Connection]:
    """A connection of its own, on which each statement is a transaction: an index that is built so
    waits for whoever is at work in the table, and nobody waits for it. The server gives it up
    where a lock does not come, the time of the whole migration is over, or we are gone: an index
    that went on would keep the next migration from building its own.
    """
    with database.read() as tx:
        driver = tx.connection.driver_connection
        # Behind a pooler the session is somebody else's afterwards, and no limit of ours is on it.
        if driver is None or not driver.pooled:
            _limit(tx)
        try:
            yield tx
        finally:
            tx.invalidate()


def _limit(tx: Connection) -> None:
    milliseconds = int(deadlines.left(PATIENCE_SECONDS) * 1000)
    # Not 0, which is no limit at all.
    tx.exec_driver_sql(f"SET statement_timeout = {max(milliseconds, 1)}")
    tx.exec_driver_sql(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
    # Refused where the server's system cannot tell that somebody has hung up.
    with suppress(DataError):
        tx.exec_driver_sql(f"SET client_connection_check_interval = '{LOOKS_FOR_US_EVERY}'")


def _beside() -> Database | None:
    """Raises RuntimeError where the migration has changed something itself: it would wait for its
    own locks, for ever.
    """
    found: Database | None = context.config.attributes["beside"]
    if found is None:
        return None
    if op.get_bind().scalar(text(HAS_CHANGED)):
        raise RuntimeError("what is done beside a migration has to be a migration of its own")
    return found


def _text(condition: str | None) -> TextClause | None:
    if condition is None:
        return None
    return text(condition)
