"""The ops diary: who did what, to what, and when. A row is written in the transaction
of the deed.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.schema.tables import ops_audit


@dataclass(frozen=True, slots=True)
class Deed:
    """`actor`: the client and key that did it. `target`: an id of ours or a coach's, never a
    person's name.
    """

    at: datetime
    actor: str
    action: str
    target: str
    detail: str


def note(tx: Connection, deed: Deed) -> None:
    values = {name: getattr(deed, name) for name in Deed.__dataclass_fields__}
    tx.execute(ops_audit.insert().values(id="aud_" + secrets.token_hex(12), **values))


def deeds(tx: Connection, *, target: str | None = None, limit: int = 200) -> list[Deed]:
    """The newest first; those done to one target, when it is named."""
    columns = (ops_audit.c[name] for name in Deed.__dataclass_fields__)
    query = select(*columns).order_by(ops_audit.c.at.desc(), ops_audit.c.id).limit(limit)
    chosen = query if target is None else query.where(ops_audit.c.target == target)
    return [Deed(*row) for row in tx.execute(chosen)]


def is_noted(tx: Connection, actor: str, action: str, detail: str, *, since: datetime) -> bool:
    """Whether somebody did this, with just this detail, since then."""
    row = ops_audit.c
    query = select(row.id).where(
        row.at >= since, row.actor == actor, row.action == action, row.detail == detail
    )
    return tx.execute(query.limit(1)).first() is not None
