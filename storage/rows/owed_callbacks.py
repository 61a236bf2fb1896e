"""The rows of the outbox that are owed to one webhook endpoint, changed some at a time: there may
be a million of them, and whoever asks waits for one batch alone.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Update, and_, select, union_all

from domain.webhook_endpoints import OF_SETTINGS
from storage.rows.outbox_claims import DUE_NOW, Wake
from storage.schema.tables import outbox as outbox_rows

BATCH = 500
row = outbox_rows.c


def of(endpoint_id: str) -> ColumnElement[bool]:
    mine = row.endpoint_id == stored(endpoint_id)
    if endpoint_id == OF_SETTINGS:
        mine = row.endpoint_id.is_(None)
    return and_(row.kind == "callback", mine)


def stored(endpoint_id: str) -> str | None:
    """As the rows have it."""
    if endpoint_id == OF_SETTINGS:
        return None
    return endpoint_id


def locked(
    *which: ColumnElement[bool], among: Select[tuple[str]] | None = None
) -> ColumnElement[bool]:
    """These rows, locked one after another by their ids; `among` these ids alone, if given.

    The race: somebody claims one of them just now, and has locked its queue in that order. An
    update locks as it finds rows: each would come to wait for the other.
    """
    query = select(row.id).where(*which)
    if among is not None:
        # `which` is asked for again: whatever was changed while its lock was waited for is left
        # alone. So fewer may be locked than there are.
        query = query.where(row.id.in_(among))
    # A CTE is worked off once; a subquery perhaps for each row, in the order of the table.
    chosen = query.order_by(row.id).with_for_update().cte("chosen")
    return row.id.in_(select(chosen))


def _oldest(
    endpoint_id: str, states: Collection[str], *which: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The oldest BATCH of the rows owed to it in these states, locked."""
    mine = (of(endpoint_id), *which)
    found = []
    for state in sorted(states):
        # Each state by itself: so the index has them in this order, and a million is not sorted.
        one = select(row.id, row.created_at).where(*mine, row.state == state)
        ordered = one.order_by(row.created_at, row.id).limit(BATCH).subquery()
        found.append(select(ordered.c.id, ordered.c.created_at))
    each = union_all(*found).subquery()
    oldest = select(each.c.id).order_by(each.c.created_at, each.c.id).limit(BATCH)
    return locked(*mine, row.state.in_(states), among=oldest)


def owe_again(
    tx: Connection,
    endpoint_id: str,
    states: Collection[str],
    *,
    before: datetime | None,
    now: datetime,
) -> list[Wake]:
    """The next batch of those in these states that were due `before` then; None: by now. Answers
    whom to wake for. Fewer than BATCH says nothing: see `is_any_left`.
    """
    old = row.due_at <= now
    if before is not None:
        # What was owed again is due from its batch on, and so is not taken a second time, even if
        # it dies again.
        old = row.due_at < before
    mine = _oldest(endpoint_id, states, old)
    return wakes(tx, outbox_rows.update().where(mine).values(_again(now)))


def revive(tx: Connection, which: ColumnElement[bool], now: datetime) -> list[Wake]:
    """Of those that are few."""
    return wakes(tx, outbox_rows.update().where(locked(which)).values(_again(now)))


def change_batch(
    tx: Connection, endpoint_id: str, states: Collection[str], **values: object
) -> int:
    """How many of the oldest in these states were changed. Fewer than BATCH says nothing: others
    may have been changed by somebody else while their locks were waited for.
    """
    mine = _oldest(endpoint_id, states)
    # Counted by what comes back: SQLite counts nothing of a statement that begins WITH.
    changed = outbox_rows.update().where(mine).values(values).returning(row.id)
    return len(tx.execute(changed).all())


def delete_batch(tx: Connection, endpoint_id: str) -> int:
    """How many were deleted, in no order that matters; never what a sender has in its hands."""
    mine = (of(endpoint_id), row.state != "sending")
    # In the order of the index: what was deleted before is not looked at again.
    some = select(row.id).where(*mine).order_by(row.state, row.created_at, row.id).limit(BATCH)
    gone = outbox_rows.delete().where(locked(*mine, among=some)).returning(row.id)
    return len(tx.execute(gone).all())


def is_any_left(
    tx: Connection,
    endpoint_id: str,
    states: Collection[str] | None = None,
    *,
    before: datetime | None = None,
) -> bool:
    """Whether there is a row of it: in these states, and due before then, where they are given."""
    query = select(row.id).where(of(endpoint_id))
    if states is not None:
        query = query.where(row.state.in_(states))
    if before is not None:
        query = query.where(row.due_at < before)
    return tx.execute(query.limit(1)).first() is not None


def wakes(tx: Connection, owed: Update) -> list[Wake]:
    """The oldest first: what happened first is told first, as far as nothing fails."""
    found = tx.execute(owed.returning(row.id, row.kind, row.created_at)).all()
    found = sorted(found, key=lambda each: (each.created_at, each.id))
    return [(each.id, each.kind) for each in found]


def _again(now: datetime) -> dict[str, object]:
    # Due from now on: it is given up so long after that.
    fresh = {"state": "pending", "trouble": None, "attempts": 0, "last_error": None}
    return DUE_NOW | fresh | {"due_at": now}
