"""Rows for one caller at a time: what somebody else is taking just now is left to them."""

from typing import Any

from sqlalchemy import Select, Table, Update, select


def taking(table: Table, wanted: Select[Any]) -> Update:
    """An update of those rows of the table that nobody else has locked. `wanted`: their keys.

    The race: two sweepers find the same rows. The second skips what the first has locked.
    """
    # A CTE: as a subquery PostgreSQL may run it once per row, each time skipping what it locked the
    # time before, and take more than the limit.
    chosen = wanted.with_for_update(skip_locked=True).cte("chosen")
    [key] = table.primary_key
    return table.update().where(key.in_(select(chosen)))
