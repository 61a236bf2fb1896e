"""The engine, and the two kinds of transaction: `read()` and `write()`.

On SQLite a write transaction is BEGIN IMMEDIATE: it takes the write lock before it reads, so that what it read
is still true when it writes. On PostgreSQL READ COMMITTED and row locks do that (see `storage.coaches.lock`).
"""

import select
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError, TimeoutError  # noqa: A004 (the pool's own)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# The errors that mean "the database is not there just now"; callers answer 503 and change nothing.
Unavailable = (OperationalError, InterfaceError, TimeoutError)

BUSY_SECONDS = 10
SQLITE_PRAGMAS = (
    "PRAGMA synchronous=FULL",  # a 2xx is a promise: the commit behind it survives a power cut too
    f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """One engine. Make it after a fork, never before: pools do not survive one."""

    def __init__(self, engine: Engine, **writing: Any) -> None:
        """`writing`: execution options of a transaction that writes."""
        self.engine = engine
        self.kept: deque[Any] = deque()
        """Connections that `storage.glances` keeps beside the pool: at most one for each thread that asks."""
        self._writing = writing

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Statements that only read, each of them whole; on SQLite all of them see one moment."""
        with self.engine.connect() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends, and rolls back when it raises."""
        with self.engine.connect() as tx:
            tx.execution_options(coachcal_write=True, **self._writing)
            with tx.begin():
                yield tx

    @contextmanager
    def write_once(self) -> Iterator[Connection]:
        """As `write`, for a single statement: on PostgreSQL it is a transaction by itself, and one round trip of three.

        It has committed when it was executed, not when the block ends.
        """
        with self.read() if self.engine.dialect.name == "postgresql" else self.write() as tx:
            yield tx

    def close(self) -> None:
        self.engine.dispose()
        while self.kept:
            self.kept.pop()[0].close()


def create(url: str, *, pool_size: int = 10) -> Database:
    """A Database for `url` (sqlite:///file.db or postgresql://...); connects only when used."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return Database(engine)
    arguments = {
        "connect_timeout": 3,
        "options": "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=5000",
    }
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=2,
        # A read is one round trip instead of four: at READ COMMITTED, BEGIN and ROLLBACK around it promise nothing.
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
        hide_parameters=True,  # an error's text goes to the log, and parameters are people's names
    )
    event.listen(engine, "checkout", _check_alive)
    return Database(engine, isolation_level="READ COMMITTED")


def _check_alive(connection: Any, _record: object, _proxy: object) -> None:
    """An idle connection with something to read was closed by the server. A look costs 2 us, a ping a round trip."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would otherwise begin deferred transactions of its own, which fail with SQLITE_BUSY at a write.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
    """The file remembers it. While it is being switched SQLite answers "locked" at once, whatever the busy timeout."""
    end = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _begin_sqlite(tx: Connection) -> None:
    writing = tx.get_execution_options().get("coachcal_write", False)
    tx.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def insert(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say ON CONFLICT, which SQLAlchemy leaves to the dialects."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


class clock_ms(FunctionElement[int]):  # noqa: N801 (a SQL function reads as one)
    """The database's own clock in milliseconds since 1970: the only clock that leases are compared with."""

    type = BigInteger()
    inherit_cache = True


@compiles(clock_ms, "postgresql")
def _clock_postgresql(_element: object, _compiler: object, **_options: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


@compiles(clock_ms, "sqlite")
def _clock_sqlite(_element: object, _compiler: object, **_options: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
