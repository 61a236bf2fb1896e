"""Why the database refused, told to a person: what is the matter, and the next step.

The drivers' own words are for programmers. Of a connection that failed libpq tells no code,
only a text.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from storage.schema.outages import Outage

PRIMARY = 0xFF
"""The lower byte of SQLite's codes is the cause, what is above it a detail."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Two clauses without a full stop: `matter` says what is the matter, `next_step` what to do."""

    matter: str
    next_step: str


MIGRATE = Cause("the database has not the schema of this release", "run: coachcal migrate")
AWAY = "start it, or correct DATABASE_URL"
BUSY = Cause(
    "somebody else holds what was asked of the database",
    "try again; if that goes on, see who is connected to the database of DATABASE_URL",
)
NO_ROOM = Cause(
    "the disk of the database is full",
    "make room there or name another one in DATABASE_URL, then run it again: nothing was changed",
)
READ_ONLY = Cause(
    "the database can only be read",
    "name the one that may be written in DATABASE_URL, or let its user write to it",
)
GONE = Cause("the database is away", AWAY)
NO_DATABASE = Cause(
    "there is no such database", "create it (PostgreSQL: createdb NAME), or correct DATABASE_URL"
)
NO_ENTRY = Cause(
    "the database refuses the user or the password",
    "correct them in DATABASE_URL, or its pg_hba.conf",
)
NO_RIGHT = Cause(
    "the database's user may not do this", "grant it the right, or name the owner in DATABASE_URL"
)

# The first pattern that a state begins with.
BY_SQLSTATE = (
    ("3D000", NO_DATABASE),
    ("28", NO_ENTRY),
    ("42P01", MIGRATE),  # no such table
    ("42703", MIGRATE),  # no such column
    ("3F000", MIGRATE),  # no such schema
    ("42501", NO_RIGHT),
    ("25006", READ_ONLY),
    ("53100", NO_ROOM),
    (
        "53300",
        Cause(
            "the database has no connection left",
            "end some, or raise max_connections where DATABASE_URL points",
        ),
    ),
    ("55P03", BUSY),
    ("57014", BUSY),
    ("40", BUSY),
    (
        "57P",
        Cause("the database is just being stopped or started", f"try again in a moment; or {AWAY}"),
    ),
)
# What the server said while it refused a connection: there is no state then.
BY_WORDS = (
    (r"database .* does not exist", NO_DATABASE),
    (
        r"authentication failed|role .* does not exist|no password supplied|no pg_hba\.conf entry",
        NO_ENTRY,
    ),
    (r"too many (clients|connections)|remaining connection slots", dict(BY_SQLSTATE)["53300"]),
    (r"is (starting up|shutting down|not yet accepting)", dict(BY_SQLSTATE)["57P"]),
    (r"session is (read-only|not read-write)|read-only", READ_ONLY),
)
# What PgBouncer says in the server's place, with or without a state.
BY_POOLER = (
    (
        r"in statement pooling mode",
        Cause("the pooler takes no transactions", "set its pool_mode to transaction"),
    ),
    (
        r"unsupported startup parameter",
        Cause(
            "the pooler takes no options",
            "take `options` out of DATABASE_URL: ALTER ROLE ... SET does the same",
        ),
    ),
    (
        r"query_wait_timeout|max_client_conn",
        Cause(
            "the pooler has no connection left",
            "raise its default_pool_size and max_client_conn, where DATABASE_URL points",
        ),
    ),
    (
        r"server_login_retry",
        Cause("the pooler does not reach the database", "start the database, or see its log"),
    ),
)
BY_SQLITE = {
    sqlite3.SQLITE_FULL: NO_ROOM,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: Cause(
        "the database's file cannot be opened",
        "make its folder, one that may be written, or correct DATABASE_URL",
    ),
    sqlite3.SQLITE_NOTADB: Cause("the file is no SQLite database", "correct DATABASE_URL"),
    sqlite3.SQLITE_CORRUPT: Cause(
        "the database's file is damaged", "put a backup back, or name another file in DATABASE_URL"
    ),
    sqlite3.SQLITE_IOERR: Cause(
        "the disk of the database fails", "see whether it is full or broken (DATABASE_URL names it)"
    ),
}


def cause(error: BaseException) -> Cause | None:
    """Why a call to the database failed; None when the error is not one of the database's."""
    for each in _chain(error):
        if isinstance(each, sqlite3.Error):
            return _of_sqlite(each)
        if type(each).__module__.startswith("psycopg"):
            return _of_postgresql(each)
    # No driver's error in the chain: the database was not even asked, it is known to be out.
    if isinstance(error, Outage) and error.kind == "read_only":
        return READ_ONLY
    if isinstance(error, Outage):
        return GONE
    if isinstance(error, SQLAlchemyError):
        return Cause(f"the database could not be asked ({_first_line(error)})", AWAY)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the outermost first."""
    seen: BaseException | None = error
    # SQLAlchemy keeps the driver's error as `orig`; others are raised from what caused them.
    while seen is not None:
        yield seen
        seen = getattr(seen, "orig", None) or seen.__cause__


def _of_sqlite(error: sqlite3.Error) -> Cause:
    # SQLite gives the same code to a missing table and to wrong SQL: only the words tell.
    if re.search(r"no such (table|column)|has no column", str(error)):
        return MIGRATE
    known = BY_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & PRIMARY)
    return known or Cause(
        f"SQLite refuses ({_first_line(error)})", "does DATABASE_URL name the right file?"
    )


def _of_postgresql(error: BaseException) -> Cause:
    state, words = getattr(error, "sqlstate", None), str(error)
    for pattern, found in BY_POOLER:
        if re.search(pattern, words):
            return found
    for begins, found in BY_SQLSTATE:
        if state is not None and state.startswith(begins):
            return found
    for pattern, found in BY_WORDS:
        if state is None and re.search(pattern, words):
            return found
    if state is None:
        return Cause(f"the database cannot be reached ({_first_line(error)})", AWAY)
    return Cause(
        f"the database refuses ({state}: {_first_line(error)})",
        "see its log; DATABASE_URL names it",
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix("connection failed: ").rstrip(".")
