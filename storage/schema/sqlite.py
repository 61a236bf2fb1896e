"""SQLite as we use it: its pragmas, the write-ahead log, and transactions that begin as writers."""

import sqlite3
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from storage.schema import deadlines
from storage.schema.long_waits import LongWaits
from storage.schema.outages import Crowded, kind_of

BUSY_SECONDS = 4
BUSY_TIMEOUT = f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}"
BEGIN = "BEGIN IMMEDIATE"
LOOK_SECONDS = 0.002  # a look at the lock costs about 10 us
SQLITE_PRAGMAS = (
    # A 2xx is a promise: the commit behind it survives a power cut too.
    "PRAGMA synchronous=FULL",
    BUSY_TIMEOUT,
    # Off by default, and for each connection anew.
    "PRAGMA foreign_keys=ON",
)


def prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would otherwise begin deferred transactions of its own,
    # which fail with SQLITE_BUSY at a write.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """The file remembers it. While it is being switched SQLite answers "locked" at once,
    whatever the busy timeout.
    """
    end = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def begin(tx: Connection, waits: LongWaits) -> None:
    if not tx.get_execution_options().get("coachcal_write", False):
        tx.exec_driver_sql("BEGIN")
        return
    patience = min(deadlines.left(BUSY_SECONDS), BUSY_SECONDS)
    began = time.monotonic()
    driver: Any = tx.connection.driver_connection
    # The race: SQLite's own waiters sleep up to 100 ms between two looks, so the lock lies free
    # while all of them sleep, and whoever comes last takes it: the first to come waits longest.
    driver.execute("PRAGMA busy_timeout=0")
    try:
        if not _taken(tx, min(patience, waits.short)):
            _take_before(tx, began + patience, waits)
    finally:
        # A connection that is no good any more, of a database that cannot be written, is closed
        # by now: its own error is what is told.
        with suppress(sqlite3.ProgrammingError):
            driver.execute(BUSY_TIMEOUT)
        deadlines.waited(began)


def _take_before(tx: Connection, end: float, waits: LongWaits) -> None:
    """Take SQLite's write lock before that moment, or raise what SQLite says."""
    try:
        with waits.one_more():
            while not _taken(tx, waits.SLICE):
                waits.look_up()
                if time.monotonic() >= end:
                    raise Crowded("nobody let go of the write lock in time")
    except Crowded:
        tx.exec_driver_sql(BEGIN)


def _taken(tx: Connection, seconds: float) -> bool:
    """Try to become the one writer for so many seconds. Raises at once what no waiting mends."""
    driver: Any = tx.connection.driver_connection
    end = time.monotonic() + seconds
    while True:
        try:
            driver.execute(BEGIN)
            return True
        except sqlite3.Error as error:
            if kind_of(error) != "busy":
                break
        if time.monotonic() >= end:
            return False
        time.sleep(LOOK_SECONDS)
    # Once more, by SQLAlchemy: so the error is read like any other.
    tx.exec_driver_sql(BEGIN)
    return True
