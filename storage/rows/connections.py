"""What a connection is made of: its tokens, its profiles and calendars, its channel; and how it
comes and goes.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal, or_, select
from sqlalchemy.exc import IntegrityError

from domain.accounts import Account, Calendar, Profile
from storage.rows.refresh_jobs import LEASE as READING
from storage.schema.columns import EPOCH, Instant
from storage.schema.database import clock_ms
from storage.schema.leases import Lease
from storage.schema.tables import calendars, channels, connections, profiles

RENEWING = Lease(connections.c.token_lease_token, connections.c.token_lease_until_ms)
AUDITING = Lease(channels.c.lease_token, channels.c.lease_until_ms)


class AccountInUse(Exception):
    """This calendar account is connected to another coach already."""


class UnknownCalendar(Exception):
    """The connection has no calendar of this id."""


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """An account's tokens as stored; only a Vault opens them."""

    sealed: bytes
    access_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connected:
    """One connection as the settings page and the API show it. No secrets."""

    id: str
    sub: str
    trouble: str | None
    last_ok_at: datetime | None
    last_error: str | None
    profiles: tuple[Profile, ...]
    blocking: frozenset[str]
    receives: str | None
    """The calendar of it that the coach chose for sessions; it may be gone."""
    erasing: bool
    """Its coach disconnected it, and a worker is at it."""


def new_id(now: datetime) -> str:
    """In the order of time: what was connected first is listed first, and its calendar stays the
    one chosen for sessions when another account comes.
    """
    return f"con_{int(1000 * now.timestamp()):012x}{secrets.token_hex(6)}"


def link(tx: Connection, coach_id: str, connection_id: str, sub: str, **values: Any) -> str:
    """Upsert by `sub`: connecting the same account again brings new tokens to the row that is
    there.

    Returns the id of that row; raises AccountInUse when it is another coach's.
    """
    found = tx.execute(
        select(connections.c.id, connections.c.coach_id).where(connections.c.sub == sub)
    ).first()
    if found is None:
        try:
            tx.execute(
                connections.insert().values(id=connection_id, coach_id=coach_id, sub=sub, **values)
            )
        except (
            IntegrityError
        ):  # somebody linked it since we looked; the transaction is over either way
            raise AccountInUse from None
        return connection_id
    if found.coach_id != coach_id:
        raise AccountInUse
    mine = connections.c.id == found.id
    # Connecting again is consent given anew: an erasure that was asked for before must not take the
    # new tokens. And it announces whatever changed while the grant was gone: no push could.
    anew = {"trouble": None, "last_error": None, "erase_due": False, "pushed_since_ms": clock_ms()}
    # Whoever reads, erases, renews or audits by the old grant is too late: nothing of it is written
    # over the new one.
    ends = READING.end() | RENEWING.end() | {"wake_after_ms": clock_ms()}
    tx.execute(connections.update().where(mine).values(ends | anew | values))
    # A grant that was taken back took its channel along: the next read opens it, or learns that it
    # is still there.
    gone = channels.update().where(channels.c.connection_id == found.id)
    tx.execute(gone.values(AUDITING.end() | {"channel_id": None}))
    return str(found.id)


def owner_of(tx: Connection, sub: str) -> str | None:
    """The id of the connection that holds this account, if any does."""
    return tx.scalar(select(connections.c.id).where(connections.c.sub == sub))


def coach_of(tx: Connection, connection_id: str) -> str | None:
    return tx.scalar(select(connections.c.coach_id).where(connections.c.id == connection_id))


def unlink(tx: Connection, connection_id: str) -> None:
    """Forget the connection with its tokens, profiles, calendars, channel and periods (all
    cascade).
    """
    tx.execute(delete(connections).where(connections.c.id == connection_id))


def of_coach(tx: Connection, coach_id: str) -> list[Connected]:
    rows = tx.execute(
        select(connections).where(connections.c.coach_id == coach_id).order_by(connections.c.id)
    ).all()
    return [_connected(tx, row) for row in rows]


def ids_of_coach(tx: Connection, coach_id: str) -> list[str]:
    return list(tx.scalars(select(connections.c.id).where(connections.c.coach_id == coach_id)))


def describe(tx: Connection, connection_id: str, account: Account) -> None:
    """Replace the profiles and calendars by what userinfo says now; the coach's choice of calendars
    is kept.
    """
    mine = calendars.c.connection_id == connection_id
    left_out = set(tx.scalars(select(calendars.c.id).where(mine, calendars.c.blocks.is_(False))))
    tx.execute(delete(calendars).where(mine))
    tx.execute(delete(profiles).where(profiles.c.connection_id == connection_id))
    for profile in account.profiles:
        tx.execute(profiles.insert().values(connection_id=connection_id, **_profile_row(profile)))
        for calendar in profile.calendars:
            row = _calendar_row(profile, calendar) | {"blocks": calendar.id not in left_out}
            tx.execute(calendars.insert().values(connection_id=connection_id, **row))


def blocking_calendars(tx: Connection, connection_id: str) -> frozenset[str] | None:
    """The ids of the calendars that block, or None while the list is not known yet (then every
    calendar does).
    """
    mine = calendars.c.connection_id == connection_id
    rows = tx.execute(
        select(calendars.c.id, calendars.c.blocks, calendars.c.deleted).where(mine)
    ).all()
    return frozenset(row.id for row in rows if row.blocks and not row.deleted) if rows else None


def choose(tx: Connection, connection_id: str, blocking: Collection[str]) -> None:
    """Let these calendars block, and no others. Raises UnknownCalendar, with its id, for one that
    is not there.
    """
    mine = calendars.c.connection_id == connection_id
    known = set(tx.scalars(select(calendars.c.id).where(mine, calendars.c.deleted.is_(False))))
    if unknown := sorted(set(blocking) - known):
        raise UnknownCalendar(unknown[0])
    tx.execute(calendars.update().where(mine).values(blocks=calendars.c.id.in_(blocking)))


def tokens(tx: Connection, connection_id: str) -> SealedTokens | None:
    row = connections.c
    found = tx.execute(
        select(row.tokens, row.access_expires_at).where(row.id == connection_id)
    ).first()
    return None if found is None else SealedTokens(*found)


def lease_tokens(tx: Connection, connection_id: str, *, lease_ms: int) -> str | None:
    """The right to renew the tokens, for one caller at a time, as the lease's token; None: somebody
    else has it.

    A row lock would keep a transaction open for as long as Cronofy takes to answer (on SQLite: the
    whole file).
    """
    row = connections.c
    taken = (
        connections.update()
        .where(row.id == connection_id, RENEWING.open)
        .values(RENEWING.take(lease_ms))
    )
    return tx.scalar(taken.returning(RENEWING.token))


def store_tokens(
    tx: Connection, connection_id: str, lease_token: str, fresh: SealedTokens | None
) -> bool:
    """End the token lease; with `fresh`, store what the renewal brought.

    False: the lease was lost. Whoever slept past it neither overwrites newer tokens nor ends
    another's lease.
    """
    values = RENEWING.end()
    if fresh is not None:
        values |= {"tokens": fresh.sealed, "access_expires_at": fresh.access_expires_at}
    mine = connections.update().where(connections.c.id == connection_id, RENEWING.by(lease_token))
    return tx.execute(mine.values(values)).rowcount == 1


@dataclass(frozen=True, slots=True)
class StoredChannel:
    token: bytes
    channel_id: str | None


def channel_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def channel(tx: Connection, connection_id: str) -> StoredChannel | None:
    row = channels.c
    found = tx.execute(
        select(row.token, row.channel_id).where(row.connection_id == connection_id)
    ).first()
    return None if found is None else StoredChannel(*found)


def plan_channel(
    tx: Connection, connection_id: str, token_hash: bytes, sealed_token: bytes
) -> None:
    """Remember the channel that is about to be opened, so that its first push already finds its
    connection.
    """
    tx.execute(
        channels.insert().values(
            connection_id=connection_id, token_hash=token_hash, token=sealed_token
        )
    )


def lease_channel(
    tx: Connection, connection_id: str, *, lease_ms: int, over: bool = False
) -> str | None:
    """The right to say which channel the connection has, as the lease's token; None: somebody else
    has it.

    `over`: from whoever has it. So does a reader that finds none: it waits for nobody, and an audit
      that began before may have seen how things were.
    """
    mine = channels.update().where(channels.c.connection_id == connection_id)
    taken = mine if over else mine.where(AUDITING.open)
    return tx.scalar(taken.values(AUDITING.take(lease_ms)).returning(AUDITING.token))


def channel_opened(
    tx: Connection, connection_id: str, lease_token: str | None, channel_id: str, *, now: datetime
) -> bool:
    """Cronofy says that this is the connection's channel: just opened, or still there. False: the
    lease was lost.
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
    """The connections whose channel nobody compared with Cronofy's list since then, the longest ago
    first.
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


def _connected(tx: Connection, row: Any) -> Connected:
    mine = calendars.c.connection_id == row.id
    found = tx.execute(
        select(calendars).where(mine).order_by(calendars.c.name, calendars.c.id)
    ).all()
    by_profile: dict[str, list[Calendar]] = {}
    for item in found:
        calendar = Calendar(item.id, item.name, item.readonly, item.deleted, item.is_primary)
        by_profile.setdefault(item.profile_id, []).append(calendar)
    own = tx.execute(
        select(profiles).where(profiles.c.connection_id == row.id).order_by(profiles.c.id)
    ).all()
    return Connected(
        id=row.id,
        sub=row.sub,
        trouble=row.trouble,
        last_ok_at=row.last_ok_at,
        last_error=row.last_error,
        profiles=tuple(_profile(each, by_profile.get(each.id, [])) for each in own),
        blocking=frozenset(item.id for item in found if item.blocks and not item.deleted),
        receives=row.receives,
        erasing=row.erase_due,
    )


def _profile(row: Any, its: Sequence[Calendar]) -> Profile:
    known = (
        row.id,
        row.provider,
        row.service,
        row.name,
        row.connected,
        row.initial_sync,
        row.relink_url,
    )
    return Profile(*known, tuple(its))


def _profile_row(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "provider": profile.provider,
        "service": profile.service,
        "name": profile.name,
        "connected": profile.connected,
        "initial_sync": profile.initial_sync,
        "relink_url": profile.relink_url,
    }


def _calendar_row(profile: Profile, calendar: Calendar) -> dict[str, Any]:
    return {
        "id": calendar.id,
        "profile_id": profile.id,
        "name": calendar.name,
        "readonly": calendar.readonly,
        "deleted": calendar.deleted,
        "is_primary": calendar.primary,
    }
