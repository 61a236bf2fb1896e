"""Deeds of ops for all rows of a cause: what was asked, and how far it is.

      ask                  every batch                  no row is left, or somebody stops it
(none) ----> running ----------------------> running ------------------------> ended
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, or_, select

from storage.schema import records
from storage.schema.tables import bulk_deeds

Action = Literal["requeue", "discard", "retry", "release"]
SHOWN = timedelta(hours=12)
KEPT = timedelta(days=90)
row = bulk_deeds.c


@dataclass(frozen=True, slots=True)
class BulkDeed:
    """`total`: how many rows matched when it was asked; `done` and `passed_over` of them, so far.
    `seen_ms`: the database's clock at that moment.
    """

    id: str
    action: Action
    kind: str
    state: str
    error: str
    actor: str
    asked_at: datetime
    seen_ms: int
    total: int
    done: int = 0
    passed_over: int = 0
    after_id: str = ""
    ended_at: datetime | None = None
    stopped_by: str | None = None


_ALL = select(*records.columns_of(bulk_deeds, BulkDeed))


def new_id() -> str:
    return "blk_" + secrets.token_hex(8)


def add(tx: Connection, deed: BulkDeed) -> None:
    tx.execute(bulk_deeds.insert().values(records.values_of(deed)))


def take(tx: Connection, deed_id: str | None = None) -> BulkDeed | None:
    """One that runs, locked until this transaction ends: the one that has done least, or this one.

    The race: two clocks, or a clock and a command, go on with one deed. The second finds it locked,
    and takes another, or none. Whoever dies loses its lock, and what it had not committed.
    """
    query = _ALL.where(row.ended_at.is_(None)).order_by(row.done, row.asked_at).limit(1)
    if deed_id is not None:
        query = query.where(row.id == deed_id)
    return records.first_as(tx, BulkDeed, query.with_for_update(skip_locked=True))


def get(tx: Connection, deed_id: str) -> BulkDeed | None:
    return records.first_as(tx, BulkDeed, _ALL.where(row.id == deed_id))


def lately(tx: Connection, *, now: datetime, limit: int = 20) -> list[BulkDeed]:
    """Those that run, and those of the last hours; the newest first."""
    shown = or_(row.ended_at.is_(None), row.asked_at > now - SHOWN)
    return records.all_as(
        tx, BulkDeed, _ALL.where(shown).order_by(row.asked_at.desc()).limit(limit)
    )


def put(tx: Connection, deed: BulkDeed) -> None:
    tx.execute(bulk_deeds.update().where(row.id == deed.id).values(records.values_of(deed)))


def stop(tx: Connection, deed_id: str, *, actor: str, now: datetime) -> bool:
    """False: it has ended already. A batch that is under way is waited for."""
    running = bulk_deeds.update().where(row.id == deed_id, row.ended_at.is_(None))
    return tx.execute(running.values(ended_at=now, stopped_by=actor)).rowcount == 1


def drop_old(tx: Connection, *, now: datetime) -> int:
    return tx.execute(bulk_deeds.delete().where(row.asked_at < now - KEPT)).rowcount
