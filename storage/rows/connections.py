"""What a connection is made of: its tokens, its profiles and calendars, its channel;
and how it comes and goes.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select
from sqlalchemy.exc import IntegrityError

from domain.accounts import Calendar, Profile
from storage.rows.calendars import calendar_of, profile_of
from storage.rows.channels import AUDITING
from storage.rows.refresh_jobs import LEASE as READING
from storage.schema import records
from storage.schema.columns import one_of
from storage.schema.database_clock import clock_ms
from storage.schema.leases import Lease
from storage.schema.records import Values
from storage.schema.tables import calendars, channels, connections, profiles

RENEWING = Lease(connections.c.token_lease_token, connections.c.token_lease_until_ms)


class AccountInUse(Exception):
    """This calendar account is connected to another coach already."""


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
    dirty: bool
    """A change is known that has not been read yet."""
    push_waits: bytes | None = field(repr=False)
    """How long the latest pushes waited until they were seen (domain.push_waits)."""
    missed_pushes: int
    """Changes that were found and that no push had announced."""


_mine = connections.c
_SHOWN = select(
    *(_mine.id, _mine.coach_id, _mine.sub, _mine.trouble, _mine.last_ok_at, _mine.last_error),
    *(_mine.receives, _mine.erase_due, _mine.done_gen, _mine.req_gen, _mine.push_waits),
    _mine.missed_pushes,
)


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
        new = {"id": connection_id, "coach_id": coach_id, "sub": sub}
        # Somebody may link it between the look and this; the transaction is over either way.
        try:
            tx.execute(connections.insert().values(new | values))
        except IntegrityError:
            raise AccountInUse from None
        return connection_id
    if found.coach_id != coach_id:
        raise AccountInUse
    mine = connections.c.id == found.id
    # Connecting again is consent given anew: an erasure that was asked for before must not take the
    # new tokens. And it announces whatever changed while the grant was gone: no push could.
    anew = {"trouble": None, "last_error": None, "erase_due": False, "pushed_since_ms": clock_ms()}
    # Whoever reads, erases, renews or audits by the old grant is too late:
    # nothing of it is written over the new one.
    ends = READING.end() | RENEWING.end() | {"wake_after_ms": clock_ms()}
    tx.execute(connections.update().where(mine).values(ends | anew | values))
    # A grant that was taken back took its channel along:
    # the next read opens it, or learns that it is still there.
    gone = channels.update().where(channels.c.connection_id == found.id)
    tx.execute(gone.values(AUDITING.end() | {"channel_id": None}))
    return str(found.id)


def owner_of(tx: Connection, sub: str) -> str | None:
    """The id of the connection that holds this account, if any does."""
    return tx.scalar(select(connections.c.id).where(connections.c.sub == sub))


def coach_of(tx: Connection, connection_id: str) -> str | None:
    return tx.scalar(select(connections.c.coach_id).where(connections.c.id == connection_id))


def unlink(tx: Connection, connection_id: str) -> None:
    """Forget the connection with its tokens, profiles, calendars,
    channel and periods (all cascade).
    """
    tx.execute(delete(connections).where(connections.c.id == connection_id))


def of_coach(tx: Connection, coach_id: str) -> list[Connected]:
    return of_coaches(tx, [coach_id])[coach_id]


def of_coaches(tx: Connection, coach_ids: Sequence[str]) -> dict[str, list[Connected]]:
    """The connections of each of them, in three questions whatever their number."""
    found: dict[str, list[Connected]] = {coach_id: [] for coach_id in coach_ids}
    theirs = one_of(tx, connections.c.coach_id, coach_ids)
    rows = records.dicts(tx, _SHOWN.where(theirs).order_by(connections.c.id))
    ids = [row["id"] for row in rows]
    item, own = calendars.c, profiles.c
    of_these = one_of(tx, item.connection_id, ids)
    listed = select(calendars).where(of_these).order_by(item.name, item.id)
    by_connection = _grouped(records.dicts(tx, listed))
    of_these = one_of(tx, own.connection_id, ids)
    profiled = select(profiles).where(of_these).order_by(own.id)
    profiles_of = _grouped(records.dicts(tx, profiled))
    for row in rows:
        one = _connected(row, by_connection.get(row["id"], []), profiles_of.get(row["id"], []))
        found[row["coach_id"]].append(one)
    return found


def _grouped(rows: Iterable[Values]) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    for row in rows:
        found.setdefault(row["connection_id"], []).append(row)
    return found


def ids_of_coach(tx: Connection, coach_id: str) -> list[str]:
    return list(tx.scalars(select(connections.c.id).where(connections.c.coach_id == coach_id)))


def take_events(tx: Connection, coach_id: str) -> bool:
    """Whether any account of the coach's takes events, or may, since nobody knows its calendars
    yet.
    """
    row = calendars.c
    listed = and_(row.connection_id == connections.c.id, row.deleted.is_(False))
    # Without a calendar it is a row of nulls here, by the outer join.
    usable = or_(row.id.is_(None), row.readonly.is_(False))
    query = select(connections.c.id).select_from(connections.outerjoin(calendars, listed))
    mine = query.where(connections.c.coach_id == coach_id, usable)
    return tx.scalar(mine.limit(1)) is not None


def tokens(tx: Connection, connection_id: str) -> SealedTokens | None:
    row = connections.c
    query = select(row.tokens, row.access_expires_at).where(row.id == connection_id)
    return records.first_as(tx, SealedTokens, query)


def lease_tokens(tx: Connection, connection_id: str, *, lease_ms: int) -> str | None:
    """The right to renew the tokens, for one caller at a time, as the lease's token; None: somebody
    else has it.

    A row lock would keep a transaction open for as long as Cronofy takes to answer (on SQLite: the
    whole file).
    """
    # The race: two workers find the access token over and both renew it. Whoever is answered last
    # would decide which tokens are kept, and they may be the older ones.
    free = connections.update().where(connections.c.id == connection_id, RENEWING.open)
    return tx.scalar(free.values(RENEWING.take(lease_ms)).returning(RENEWING.token))


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


def _connected(row: Values, listed: list[Values], own: list[Values]) -> Connected:
    by_profile: dict[str, list[Calendar]] = {}
    blocking = set()
    for item in listed:
        calendar = calendar_of(item)
        by_profile.setdefault(item["profile_id"], []).append(calendar)
        if item["blocks"] and not calendar.deleted:
            blocking.add(calendar.id)
    return Connected(
        id=row["id"],
        sub=row["sub"],
        trouble=row["trouble"],
        last_ok_at=row["last_ok_at"],
        last_error=row["last_error"],
        profiles=tuple([profile_of(it, by_profile.get(it["id"], [])) for it in own]),
        blocking=frozenset(blocking),
        receives=row["receives"],
        erasing=row["erase_due"],
        dirty=row["done_gen"] < row["req_gen"],
        push_waits=row["push_waits"],
        missed_pushes=row["missed_pushes"],
    )
