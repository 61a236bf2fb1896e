"""The database's own clock, for whoever has to know whether theirs is right."""

from sqlalchemy import select

from storage.schema.database import Database, clock_ms
from storage.schema.fast_reads import query_raw

_NOW = select(clock_ms())


def clock(database: Database) -> float:
    """Seconds since 1970. Raises one of storage.schema.database.Unavailable."""
    [(milliseconds,)] = query_raw(database, _NOW)
    return float(milliseconds) / 1000
