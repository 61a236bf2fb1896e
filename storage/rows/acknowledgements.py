"""Causes that somebody of ops has seen and answers for: nobody else is called for them.

It is good for a day, also for rows that fail alike in that time; and gone as soon as no row is
left of the cause.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import acknowledgements

LASTS = timedelta(days=1)
row = acknowledgements.c


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`actor`: the client and key that did it."""

    cause_id: str
    kind: str
    state: str
    error: str
    at: datetime
    actor: str


def put(tx: Connection, made: Acknowledgement) -> None:
    """Insert or replace: the later of two who do it stands."""
    values = records.values_of(made)
    added = insert(tx, acknowledgements).values(values)
    tx.execute(
        added.on_conflict_do_update(
            index_elements=["cause_id"], set_={"at": made.at, "actor": made.actor}
        )
    )


def withdraw(tx: Connection, cause_id: str) -> bool:
    """Whether there was one."""
    return tx.execute(acknowledgements.delete().where(row.cause_id == cause_id)).rowcount == 1


def find_all(tx: Connection, *, now: datetime) -> dict[str, Acknowledgement]:
    """Those that are good now, by the id of their cause."""
    query = select(*records.columns_of(acknowledgements, Acknowledgement))
    good = records.all_as(tx, Acknowledgement, query.where(row.at > now - LASTS))
    return {each.cause_id: each for each in good}


def keep_only(tx: Connection, cause_ids: Collection[str], *, now: datetime) -> int:
    """Drop those that ended, and those of other causes than these. How many there were."""
    over = or_(row.at <= now - LASTS, row.cause_id.not_in(cause_ids))
    return tx.execute(acknowledgements.delete().where(over)).rowcount
