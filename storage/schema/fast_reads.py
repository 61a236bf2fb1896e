"""Questions asked at every push and every listing: past SQLAlchemy, whose own work would be most of
their price, and on PostgreSQL past psycopg's cursors too.

Measured: 10 us of our CPU instead of 60 on SQLite; on PostgreSQL one round trip instead of four,
and 19 us for it where a cursor from the pool took 33. Nothing but plain values goes in and comes
out, and nothing is ever written here.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq.abc import PGresult
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from storage.schema.database import Database
from storage.schema.postgres import Bounded

Row = tuple[Any, ...]
Kept = tuple[Any, dict[str, bytes]]
"""The driver's connection, and the names of the statements that it prepared."""
Ask = Callable[[Kept, str, list[Any]], list[Row]]


def query_raw(database: Database, query: Select[Any], **parameters: object) -> list[Row]:
    """The rows of a query, as the driver gives them: no types are applied. A parameter is a str, an
    int or bytes.

    Give the same query object each time: it is put into SQL once. Raises one of
    storage.schema.database.Unavailable.
    """
    database.check()
    dialect = database.engine.dialect
    sql, given, order = _compiled(query, dialect.name)
    given = given | parameters
    kept = _taken(database)
    try:
        kept = kept or _new(database)
        rows = _ASK[dialect.name](kept, sql, [given[name] for name in order])
    except database.engine.dialect.loaded_dbapi.Error as error:
        if kept is not None:
            kept[0].close()
        raise _sorted_out(database, sql, error, connecting=kept is None) from error
    database.keep(kept)
    return rows


def _taken(database: Database) -> Kept | None:
    """One that was kept, and that the server did not close while it lay idle."""
    while database.kept:
        # Between the look and the taking another thread may have taken the last one.
        try:
            kept: Kept = database.kept.pop()
        except IndexError:
            return None
        if database.breaker is None or database.trusts(kept[0]):
            return kept
        kept[0].close()
    return None


def _sorted_out(database: Database, sql: str, error: Exception, *, connecting: bool) -> Exception:
    """What SQLAlchemy would have made of it."""
    outage = database.met(error, connecting=connecting)
    if outage is not None:
        return outage
    dialect = database.engine.dialect
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )


def _new(database: Database) -> Kept:
    lent = database.engine.raw_connection()
    connection = lent.driver_connection
    # Out of SQLAlchemy's pool for good: the way out of it and back costs as much as the question.
    lent.detach()
    return connection, {}


# By a dialect's name: a dialect itself would keep its database, with every statement of that, for
# as long as this cache keeps the SQL.
@lru_cache(maxsize=64)
def _compiled(query: Select[Any], name: str) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The SQL, the values that it holds itself, and the order in which it wants them."""
    dialect, style = _DIALECTS[name]
    compiled = query.compile(dialect=dialect(paramstyle=style))
    return str(compiled), dict(compiled.params), tuple(compiled.positiontup or ())


def _ask_sqlite(kept: Kept, sql: str, values: list[Any]) -> list[Row]:
    return list(kept[0].execute(sql, values).fetchall())


def _ask_postgresql(kept: Kept, sql: str, values: list[Any]) -> list[Row]:
    """By a statement that this connection prepared when it was first asked; unprepared, where a
    pooler gives us another server each time.
    """
    connection, prepared = kept
    server = connection.pgconn
    # Bytes go as they are; whatever else goes as text, which the server reads as the column's type.
    given, formats = [], []
    for value in values:
        if isinstance(value, bytes):
            given.append(value)
            formats.append(pq.Format.BINARY)
        else:
            given.append(str(value).encode())
            formats.append(pq.Format.TEXT)
    if connection.pooled:
        server.send_query_params(sql.encode(), given, param_formats=formats)
    else:
        if sql not in prepared:
            name = f"glance_{len(prepared)}".encode()
            server.send_prepare(name, sql.encode())
            _fine(connection)
            prepared[sql] = name
        server.send_query_prepared(prepared[sql], given, param_formats=formats)
    result = _fine(connection)
    reader = Transformer(connection)
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)


def _fine(connection: Bounded) -> PGresult:
    """The answer. libpq alone would wait for it without end."""
    result: PGresult = connection.wait(execute(connection.pgconn))[-1]
    if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result


# libpq counts its parameters ($1, $2); the dialect that psycopg uses names them.
_DIALECTS: dict[str, tuple[Any, str]] = {
    "sqlite": (sqlite.dialect, "qmark"),
    "postgresql": (postgresql.dialect, "numeric_dollar"),
}
_ASK: dict[str, Ask] = {"sqlite": _ask_sqlite, "postgresql": _ask_postgresql}
