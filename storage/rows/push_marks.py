"""What a push writes: that a read is owed, in one statement, where none is owed already."""

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    not_,
    or_,
    select,
)
from sqlalchemy.sql.dml import ReturningUpdate

from storage.rows.refresh_jobs import DIRTY, DUE, FIRST_WAKE_MS, LEASE, row
from storage.schema.database import Database
from storage.schema.database_clock import clock_ms
from storage.schema.fast_reads import query_raw
from storage.schema.tables import channels, connections

_announced = row.pushed_since_ms.is_not(None)


def _looking(nobody_reads: ColumnElement[bool]) -> Select[tuple[str, bool]]:
    """A read that starts later is owed already where nobody is reading. A reader that slept past
    its lease still is: should it wake up, it ends the generation that it claimed, and every push
    before that one's end with it.
    """
    owed_already = and_(DIRTY, nobody_reads, _announced)
    return (
        select(row.id, owed_already)
        .join(channels)
        .where(channels.c.token_hash == bindparam("token_hash"))
    )


_userinfo = bindparam("userinfo", type_=Boolean())
_erase = bindparam("erase", type_=Boolean())
_pushed = bindparam("pushed", type_=Boolean())


def _marking(nobody_reads: ColumnElement[bool]) -> ReturningUpdate[tuple[bool]]:
    """While a row is dirty and nobody reads it, a storm of pushes writes nothing."""
    known = and_(or_(row.userinfo_due, not_(_userinfo)), or_(_announced, not_(_pushed)))
    nothing_new = and_(DIRTY, nobody_reads, known, not_(_erase))
    # A reader looks again when it ends, and should it never end,
    # its claim has asked for a look at its lease's end.
    wake_after = case(
        (and_(not_(DIRTY), DUE), clock_ms() + FIRST_WAKE_MS),
        (LEASE.taken, row.wake_after_ms),
        else_=clock_ms(),
    )
    statement = connections.update().where(row.id == bindparam("connection_id"), not_(nothing_new))
    marked = statement.values(
        req_gen=row.req_gen + 1,
        dirty_since_ms=case((DIRTY, row.dirty_since_ms), else_=clock_ms()),
        pushed_since_ms=case(
            (or_(_announced, not_(_pushed)), row.pushed_since_ms), else_=clock_ms()
        ),
        wake_after_ms=wake_after,
        userinfo_due=or_(row.userinfo_due, _userinfo),
        erase_due=or_(row.erase_due, _erase),
    )
    # RETURNING sees the new row: it was clean, and so without a reader, when only this notification
    # is owed. (To ask for the token here would be wrong on SQLite 3.40, where IS NULL in RETURNING
    # looks at another column.)
    return marked.returning(and_(row.done_gen == row.req_gen - 1, DUE))


# Put together once: that takes longer than a whole push.
_BY_CHANNEL, _MARK_DIRTY = _looking(LEASE.untaken), _marking(LEASE.untaken)


def by_channel(database: Database, token_hash: bytes) -> tuple[str, bool] | None:
    """The connection behind a channel, and whether a read is owed already
    that no new notification could add to.
    """
    found = query_raw(database, _BY_CHANNEL, token_hash=token_hash)
    if not found:
        return None
    connection_id, owed_already = found[0]
    return connection_id, bool(owed_already)


def mark_dirty(
    tx: Connection,
    connection_id: str,
    *,
    userinfo: bool = False,
    erase: bool = False,
    pushed: bool = False,
) -> bool:
    """Owe this connection a read that starts from now on. True when the caller should wake a worker
    for it.

    `pushed`: Cronofy announced it; what is found without having been announced is a missed push.

    Not when one is owed already, nor while it is being read (the reader looks again when it ends),
    nor within the minimum gap since the last read began (the sweeper knows when that is over).
    """
    given = {"connection_id": connection_id, "userinfo": userinfo, "erase": erase, "pushed": pushed}
    return bool(tx.scalar(_MARK_DIRTY, given))


def owe_ends(tx: Connection, coach_id: str) -> None:
    """Owe the end of each of the coach's accounts that is owed none. The sweeper wakes for it."""
    missing = or_(row.erase_due.is_(False), not_(DIRTY))
    mine = select(row.id).where(row.coach_id == coach_id, missing)
    for connection_id in tx.scalars(mine.order_by(row.id)).all():
        mark_dirty(tx, connection_id, erase=True)
