"""The history that a transaction writes: each row that is written of a session or a booking notes
its step, and all of them are written before the commit (Database.write).

    storage.rows.sessions, storage.rows.bookings    are where these tables are written, and note it

A step that is noted and a change that it tells of are there together, or neither is.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, NestedTransaction

from domain.history import HistoryStep
from storage.schema import doorways, records
from storage.schema.tables import history

OPTION = "coachcal_history"


def options() -> dict[str, Any]:
    """What a transaction is begun with that may note steps."""
    return {OPTION: []}


def note(tx: Connection, step: HistoryStep) -> None:
    _noted(tx).append(records.values_of(step) | records.values_of(doorways.here()))


@contextmanager
def savepoint(tx: Connection) -> Iterator[NestedTransaction]:
    """As `tx.begin_nested()`: what is taken back leaves no step."""
    noted = _noted(tx)
    known = len(noted)
    is_kept = False
    try:
        with tx.begin_nested() as nested:
            yield nested
            is_kept = nested.is_active
    finally:
        if not is_kept:
            del noted[known:]


def write(tx: Connection) -> None:
    """The last statement of a transaction that noted anything."""
    noted = _noted(tx)
    if not noted:
        return
    # Which rows are one change: they were written together.
    change_id = "chg_" + secrets.token_hex(12)
    for step in noted:
        step["change_id"] = change_id
    # Inline: nobody wants to know the number that each was given.
    tx.execute(history.insert().inline(), noted)


def _noted(tx: Connection) -> list[dict[str, Any]]:
    noted: list[dict[str, Any]] = tx.get_execution_options()[OPTION]
    return noted
