"""The channel of a connection: by which Cronofy pushes, and when that was last compared."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, LargeBinary, Select, func, literal, or_, select

from storage.schema import records
from storage.schema.columns import EPOCH, Instant
from storage.schema.database import insert
from storage.schema.leases import Lease
from storage.schema.tables import channels, connections

AUDITING = Lease(channels.c.lease_token, channels.c.lease_until_ms)


@dataclass(frozen=True, slots=True)
class StoredChannel:
    token: bytes
    channel_id: str | None


def channel_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def channel(tx: Connection, connection_id: str) -> StoredChannel | None:
    row = channels.c
    query = select(row.token, row.channel_id).where(row.connection_id == connection_id)
    return records.first_as(tx, StoredChannel, query)


def plan_channel(
    tx: Connection, connection_id: str, token_hash: bytes, sealed_token: bytes
) -> None:
    """Remember the channel that is about to be opened, so that its first push already finds its
    connection; unless one is planned already, or the connection is gone.
    """
    # The race: Cronofy pushes through a channel before it has answered who opened it. Written
    # first, the channel is known by its token, whatever becomes of that answer.
    planned = select(
        connections.c.id,
        literal(token_hash, LargeBinary).label("token_hash"),
        literal(sealed_token, LargeBinary).label("token"),
        literal(0).label("lease_until_ms"),
    )
    # The race: an audit and a reader plan it at once, or an erasure forgets the connection in
    # between. The first plan stays, and of what is gone none is made.
    there = planned.where(connections.c.id == connection_id)
    new = insert(tx, channels).from_select(
        ["connection_id", "token_hash", "token", "lease_until_ms"],
        there.with_for_update(read=True, key_share=True),
    )
    tx.execute(new.on_conflict_do_nothing())


def lease_channel(
    tx: Connection, connection_id: str, *, lease_ms: int, over: bool = False
) -> str | None:
    """The right to say which channel the connection has, as the lease's token; None: somebody else
    has it.

    `over`: from whoever has it. So does a reader that finds none: it waits for nobody, and an audit
    that began before may have seen how things were.
    """
    taken = channels.update().where(channels.c.connection_id == connection_id)
    if not over:
        taken = taken.where(AUDITING.open)
    return tx.scalar(taken.values(AUDITING.take(lease_ms)).returning(AUDITING.token))


def channel_opened(
    tx: Connection, connection_id: str, lease_token: str | None, channel_id: str, *, now: datetime
) -> bool:
    """Cronofy says that this is the connection's channel: just opened, or still there.
    False: the lease was lost.
    """
    mine = channels.update().where(
        channels.c.connection_id == connection_id, AUDITING.by(lease_token)
    )
    return tx.execute(mine.values(channel_id=channel_id, audited_at=now)).rowcount == 1


def release_channel(tx: Connection, connection_id: str, lease_token: str | None) -> None:
    """End the lease, unless it was lost."""
    mine = channels.update().where(
        channels.c.connection_id == connection_id, AUDITING.by(lease_token)
    )
    tx.execute(mine.values(AUDITING.end()))


def due_for_audit(tx: Connection, *, before: datetime, limit: int) -> list[str]:
    """The connections whose channel nobody compared with Cronofy's list since then,
    the longest ago first.
    """
    row = channels.c
    due = _audited().where(or_(row.audited_at.is_(None), row.audited_at < before))
    # On PostgreSQL null is last by itself, on SQLite first.
    order = (row.audited_at.is_not(None), row.audited_at, row.connection_id)
    return list(tx.scalars(due.order_by(*order).limit(limit)))


def oldest_audit(tx: Connection) -> datetime | None:
    """When the channel was compared that waits the longest for it: 1970 for one that never was.
    None: there is none.
    """
    oldest = func.min(func.coalesce(channels.c.audited_at, literal(EPOCH, Instant)))
    found: datetime | None = tx.scalar(
        select(oldest).where(channels.c.connection_id.in_(_audited()))
    )
    return found


def _audited() -> Select[tuple[str]]:
    """Those with a channel, but for accounts whose grant is gone: nobody may ask there. Where only
    a profile lost its login, the account's list is still to be had.
    """
    row = channels.c
    alive = or_(connections.c.trouble.is_(None), connections.c.trouble != "revoked")
    return select(row.connection_id).join(connections).where(row.channel_id.is_not(None), alive)


def open_channels(tx: Connection, *, limit: int) -> list[tuple[str, str]]:
    """(connection, channel id at Cronofy) of some connections."""
    row = channels.c
    query = (
        select(row.connection_id, row.channel_id)
        .where(row.channel_id.is_not(None))
        .order_by(row.connection_id)
    )
    return [
        (connection_id, channel_id) for connection_id, channel_id in tx.execute(query.limit(limit))
    ]
