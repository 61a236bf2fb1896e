"""The database's own clock: in SQL, and for whoever has to know whether theirs is right."""

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from storage.schema.database import Database
from storage.schema.fast_reads import query_raw


class clock_ms(FunctionElement[int]):  # noqa: N801 (a SQL function reads as one)
    """The database's own clock in milliseconds since 1970:
    the only clock that leases are compared with.
    """

    type = BigInteger()
    inherit_cache = True


# Not now(): that stands still from the beginning of the transaction, and a transaction that waited
# for a lock would take a lease that is half over.
@compiles(clock_ms, "postgresql")
def _clock_postgresql(_element: object, _compiler: object, **_options: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


# SQLite's clock stands still for one statement, which is enough: a statement takes one lease. A
# Julian day in a double is exact to 0.05 ms.
@compiles(clock_ms, "sqlite")
def _clock_sqlite(_element: object, _compiler: object, **_options: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


_NOW = select(clock_ms())


def clock(database: Database) -> float:
    """Seconds since 1970. Raises one of storage.schema.database.Unavailable."""
    [(milliseconds,)] = query_raw(database, _NOW)
    return float(milliseconds) / 1000
