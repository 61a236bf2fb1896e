"""How many rows of the outbox are in which state."""

from collections import Counter

from sqlalchemy import Connection, select

from storage.schema.tables import outbox


def states(tx: Connection) -> Counter[tuple[str, str]]:
    """By (kind, state)."""
    rows = tx.execute(select(outbox.c.kind, outbox.c.state))
    return Counter((kind, state) for kind, state in rows)
