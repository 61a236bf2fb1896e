"""The ops diary: who did what, to what, and when.
A row is written in the transaction of the deed.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.schema import records
from storage.schema.tables import ops_audit


@dataclass(frozen=True, slots=True)
class Deed:
    """`actor`: the client and key that did it.
    `target`: an id of ours or a coach's, never a person's name.
    """

    at: datetime
    actor: str
    action: str
    target: str
    detail: str


def note(tx: Connection, deed: Deed) -> None:
    name = {"id": "aud_" + secrets.token_hex(12)}
    tx.execute(ops_audit.insert().values(name | records.values_of(deed)))


def deeds(tx: Connection, *, target: str | None = None, limit: int = 200) -> list[Deed]:
    """The newest first; those done to one target, when it is named."""
    query = select(*records.columns_of(ops_audit, Deed))
    if target is not None:
        query = query.where(ops_audit.c.target == target)
    newest = query.order_by(ops_audit.c.at.desc(), ops_audit.c.id).limit(limit)
    return records.all_as(tx, Deed, newest)


def is_noted(tx: Connection, actor: str, action: str, detail: str, *, since: datetime) -> bool:
    """Whether somebody did this, with just this detail, since then."""
    row = ops_audit.c
    query = select(row.id).where(
        row.at >= since, row.actor == actor, row.action == action, row.detail == detail
    )
    return tx.execute(query.limit(1)).first() is not None
