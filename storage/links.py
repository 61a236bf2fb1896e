"""Which links to pages were followed. A link's own time is ten minutes; that it was used is known for a day."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage.database import insert
from storage.tables import link_uses

KEPT = timedelta(days=1)


def use(tx: Connection, nonce: str, *, now: datetime) -> bool:
    """Whether this is the link's first use: of two at once, one is."""
    mine = insert(tx, link_uses).values(nonce=nonce, at=now).on_conflict_do_nothing().returning(link_uses.c.nonce)
    return tx.execute(mine).first() is not None


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many were older than they are kept."""
    return tx.execute(link_uses.delete().where(link_uses.c.at <= now - KEPT)).rowcount
