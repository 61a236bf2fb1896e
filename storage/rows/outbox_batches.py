"""Many rows of the outbox at once, by a deed of ops (storage.transactions.bulk_deeds). Each update
looks at the state once more: what somebody else has changed meanwhile is left as it is.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select

from storage.rows.outbox_claims import DUE_NOW, WAITING, Wake, wakes
from storage.schema.tables import outbox, withheld_addresses

row = outbox.c
GIVEN_UP = ("dead", "withheld", *WAITING)


def failing(
    tx: Connection,
    kind: str,
    state: str,
    error: str,
    *,
    seen_ms: int,
    after_id: str,
    limit: int,
    lock: bool,
) -> list[Row[Any]]:
    """(id, last_error) of rows that failed so before `seen_ms`, in the order of their ids.
    `lock`: in that order, as claims lock them. With them those whose error names an address,
    which may be the same one.
    """
    alike = or_(row.last_error == error, row.last_error.contains("@"))
    # The release before wrote no moment: its rows are older than what anybody sees now.
    before = or_(row.failing_since_ms.is_(None), row.failing_since_ms <= seen_ms)
    query = select(row.id, row.last_error).where(
        row.kind == kind, row.state == state, alike, before, row.id > after_id
    )
    query = query.order_by(row.id).limit(limit)
    if lock:
        query = query.with_for_update()
    return list(tx.execute(query))


def requeue(tx: Connection, ids: Collection[str], *, now: datetime) -> list[Wake]:
    """Try these dead letters again, but for those to an address that is withheld: they would wait
    for it at once, and nobody would be told.
    """
    nobody_there = exists().where(withheld_addresses.c.address == row.recipient)
    # Due from now on: by its age it would be given up again at the first failure.
    again = DUE_NOW | {"state": "pending", "attempts": 0, "last_error": None, "due_at": now}
    dead = outbox.update().where(row.id.in_(ids), row.state == "dead", ~nobody_there)
    return wakes(tx, dead.values(again).returning(row.id, row.kind))


def retry(tx: Connection, ids: Collection[str]) -> list[Wake]:
    """These need not wait for their next try."""
    waiting = outbox.update().where(row.id.in_(ids), row.state.in_(WAITING))
    return wakes(tx, waiting.values(DUE_NOW).returning(row.id, row.kind))


def discard(tx: Connection, ids: Collection[str], *, reason: str) -> int:
    """Give these up. What is being sent is not."""
    values = {"state": "superseded", "reason": "discarded", "last_error": reason}
    mine = outbox.update().where(row.id.in_(ids), row.state.in_(GIVEN_UP))
    return tx.execute(mine.values(values)).rowcount
