"""What an error of the database means for whoever met it. The one place that knows SQLSTATEs.

away        it is not there, or did not answer in time: 503, and the same at once while it lasts
read_only   it is there and cannot be written, as after a fail-over: 503
busy        a lock did not come, or too many wait: 503, ask again
again       two transactions stood in each other's way: run this one once more; then it is busy
defect      anything else: whoever met it knows more than we do

A connection that is no good afterwards is thrown away: after `away` and `read_only`, after any
error of class 25, whose transaction is in a state that nobody foresaw, and where a statement that
was prepared is not there or is there already: a pooler, or somebody's DEALLOCATE, changed what
stands behind it.
"""

import sqlite3
from collections.abc import Callable
from typing import Literal, TypeVar

import psycopg
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    TimeoutError,  # noqa: A004 (the pool's own)
)

Kind = Literal["away", "read_only", "busy", "again", "defect"]
OUT: tuple[Kind, ...] = ("away", "read_only")
"""Nobody can be served while it lasts."""
Result = TypeVar("Result")

# By class: connection, resources (full, too many),
# intervention (shutdown, time-outs), system, internal.
AWAY = ("08", "53", "57", "58", "XX")
KINDS: dict[str, Kind] = {
    "25006": "read_only",
    "25P03": "away",  # idle in transaction for too long
    "25P04": "away",  # a transaction that took too long
    "55P03": "busy",
    "40001": "again",
    "40P01": "again",
}
CUT = ("08", "57P0")  # the connection; an operator or the server's own end
SPOILT = ("25", "26", "42P05")
SAYS_READ_ONLY = "session is read-only"  # libpq, of a host that target_session_attrs does not want

SQLITE_KINDS: dict[int, Kind] = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_FULL: "away",
    sqlite3.SQLITE_IOERR: "away",
    sqlite3.SQLITE_CANTOPEN: "away",
    sqlite3.SQLITE_CORRUPT: "away",
    sqlite3.SQLITE_NOTADB: "away",
    sqlite3.SQLITE_NOMEM: "away",
    sqlite3.SQLITE_PERM: "away",
    sqlite3.SQLITE_PROTOCOL: "busy",  # a race for the locks of the write-ahead log
}
PRIMARY_CODE = 0xFF  # an extended code of SQLite's ends with the code that it extends

# The errors that mean "the database cannot serve just now"; callers answer 503.
Unavailable = (OperationalError, InterfaceError, TimeoutError)


class Outage(OperationalError):
    """In place of an error that means `away` or `read_only`, whatever the driver calls it."""

    def __init__(self, kind: Kind, origin: BaseException, statement: str | None = None) -> None:
        super().__init__(statement, None, origin)
        self.kind: Kind = kind


class Probed(Exception):
    """Why the database was not even asked: it is known to be out."""


class Crowded(psycopg.OperationalError):
    """Too many threads of this process wait for the database already."""


def kind_of(error: BaseException) -> Kind:
    """SQLAlchemy's errors, and those of both drivers."""
    if isinstance(error, Outage):
        return error.kind
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _kind_of_sqlite(cause)
    if isinstance(cause, psycopg.Error):
        return _kind_of_postgresql(cause)
    # No driver's: the pool itself had no connection to give in time.
    if isinstance(error, Unavailable):
        return "away"
    return "defect"


def spoils(error: BaseException | None) -> bool:
    """Whether the connection that answered with this is no good any more."""
    if error is None:
        return False
    if kind_of(error) in OUT:
        return True
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(SPOILT)


def is_cut(error: BaseException | None) -> bool:
    """Whether the line was lost in the middle of it: the server ended it, or nobody answered."""
    if isinstance(error, DBAPIError):
        error = error.orig
    if not isinstance(error, psycopg.Error) or kind_of(error) != "away":
        return False
    return error.sqlstate is None or error.sqlstate.startswith(CUT)


def is_silence(error: BaseException | None) -> bool:
    """Whether the server itself said nothing: it is lost, or did not answer in time."""
    return isinstance(error, psycopg.Error) and error.sqlstate is None and kind_of(error) == "away"


def run_again_once(work: Callable[[], Result]) -> Result:
    """What a whole transaction answers; it is run again after a deadlock, or when overtaken."""
    try:
        return work()
    except OperationalError as error:
        if kind_of(error) != "again":
            raise
    # Once is enough: of two that stood in each other's way one has gone through by now.
    return work()


def _kind_of_sqlite(error: sqlite3.Error) -> Kind:
    # Errors of the Python module itself have no code: a closed connection, a wrong parameter.
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "defect"
    return SQLITE_KINDS.get(code & PRIMARY_CODE, "defect")


def _kind_of_postgresql(error: psycopg.Error) -> Kind:
    if isinstance(error, Crowded):
        return "busy"
    if error.sqlstate is not None:
        return _kind_of_state(error.sqlstate)
    # Where no server said anything there is no state. That is an outage, but for mistakes of ours,
    # which psycopg tells by errors of other classes.
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return "defect"
    if SAYS_READ_ONLY in str(error):
        return "read_only"
    return "away"


def _kind_of_state(state: str) -> Kind:
    if state in KINDS:
        return KINDS[state]
    if state.startswith(AWAY):
        return "away"
    return "defect"
