"""SQLite as we use it: its pragmas, the write-ahead log, and transactions that begin as writers."""

import sqlite3
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from storage.schema import deadlines
from storage.schema.long_waits import LongWaits
from storage.schema.outages import Crowded

BUSY_SECONDS = 4
SQLITE_PRAGMAS = (
    # A 2xx is a promise: the commit behind it survives a power cut too.
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}",
    # Off by default, and for each connection anew.
    "PRAGMA foreign_keys=ON",
)


def prepare(connection: Any, _record: object) -> None:
    # The driver would otherwise begin deferred transactions of its own,
    # which fail with SQLITE_BUSY at a write.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
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
    try:
        if not _taken(tx, min(patience, waits.short)):
            _take_before(tx, began + patience, waits)
    finally:
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
        # Once more, without waiting: so the error is SQLite's own, and is read like any other.
        tx.exec_driver_sql("PRAGMA busy_timeout=0")
        tx.exec_driver_sql("BEGIN IMMEDIATE")


def _taken(tx: Connection, seconds: float) -> bool:
    driver: Any = tx.connection.driver_connection
    with suppress(sqlite3.OperationalError):
        driver.execute(f"PRAGMA busy_timeout={1000 * seconds:.0f}")
        driver.execute("BEGIN IMMEDIATE")
        return True
    return False
