"""Rows of the outbox that will not go by themselves:
listed, tried again, or given up by a person.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.rows.outbox_claims import DUE_NOW, Wake, wakes
from storage.schema.tables import outbox

row = outbox.c


def newest(tx: Connection, *, limit: int) -> list[Row[Any]]:
    """What will not go by itself, the latest first: never what it says, nor to whom."""
    shown = (row.id, row.kind, row.topic, row.coach_id, row.session_id, row.booking_id, row.version)
    query = select(*shown, row.attempts, row.last_error, row.created_at).where(row.state == "dead")
    return list(tx.execute(query.order_by(row.created_at.desc(), row.id).limit(limit)))


def requeue(tx: Connection, outbox_id: str, *, now: datetime) -> Wake | None:
    """Try a dead letter again, as if for the first time. Where something newer was sent meanwhile,
    it is superseded when its turn comes. None: it is not dead.
    """
    # `unsure` stays: an attempt of its first life may have arrived all the same.
    # Due from now on: by its age it would be given up again at the first failure.
    again = DUE_NOW | {"state": "pending", "attempts": 0, "last_error": None, "due_at": now}
    revived = outbox.update().where(row.id == outbox_id, row.state == "dead")
    owed = revived.values(again)
    return next(iter(wakes(tx, owed.returning(row.id, row.kind))), None)


def discard(tx: Connection, outbox_id: str) -> bool:
    """Give a dead letter up. False: it is not dead."""
    dropped = outbox.update().where(row.id == outbox_id, row.state == "dead")
    values = {"state": "superseded", "reason": "discarded", "last_error": "discarded by a person"}
    return tx.execute(dropped.values(values)).rowcount == 1
