"""The profiles and calendars of a connection, as Cronofy last described them; which block, and
which take sessions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select

from domain.accounts import Account, Calendar, Profile
from storage.schema.records import Values
from storage.schema.tables import calendars, connections, profiles


class UnknownCalendar(Exception):
    """The connection has no calendar of this id."""


def describe(tx: Connection, connection_id: str, account: Account) -> None:
    """Replace the profiles and calendars by what userinfo says now;
    the coach's choice of calendars is kept.
    """
    mine = calendars.c.connection_id == connection_id
    # By its id: a calendar that vanishes and comes back has lost what the coach chose.
    left_out = set(tx.scalars(select(calendars.c.id).where(mine, calendars.c.blocks.is_(False))))
    tx.execute(delete(calendars).where(mine))
    tx.execute(delete(profiles).where(profiles.c.connection_id == connection_id))
    for profile in account.profiles:
        tx.execute(profiles.insert().values(connection_id=connection_id, **_profile_row(profile)))
        for calendar in profile.calendars:
            row = _calendar_row(profile, calendar) | {"blocks": calendar.id not in left_out}
            tx.execute(calendars.insert().values(connection_id=connection_id, **row))


def blocking_calendars(tx: Connection, connection_id: str) -> frozenset[str]:
    """The ids of the calendars that are known to block; one that is not known yet does so, too."""
    mine = calendars.c.connection_id == connection_id
    chosen = and_(calendars.c.blocks, calendars.c.deleted.is_(False))
    return frozenset(tx.scalars(select(calendars.c.id).where(mine, chosen)))


def not_blocking(tx: Connection, connection_id: str) -> frozenset[str]:
    """The ids of the calendars that do not block: the coach said so, or they are deleted."""
    mine = calendars.c.connection_id == connection_id
    silent = or_(calendars.c.blocks.is_(False), calendars.c.deleted)
    return frozenset(tx.scalars(select(calendars.c.id).where(mine, silent)))


def choose(tx: Connection, connection_id: str, blocking: Collection[str]) -> None:
    """Let these calendars block, and no others.
    Raises UnknownCalendar, with its id, for one that is not there.
    """
    mine = calendars.c.connection_id == connection_id
    known = set(tx.scalars(select(calendars.c.id).where(mine, calendars.c.deleted.is_(False))))
    if unknown := sorted(set(blocking) - known):
        raise UnknownCalendar(unknown[0])
    tx.execute(calendars.update().where(mine).values(blocks=calendars.c.id.in_(blocking)))


def profile_of(row: Values, its: Sequence[Calendar]) -> Profile:
    return Profile(
        id=row["id"],
        provider=row["provider"],
        service=row["service"],
        name=row["name"],
        connected=row["connected"],
        initial_sync=row["initial_sync"],
        relink_url=row["relink_url"],
        calendars=tuple(its),
        mode=row["mode"],
    )


def calendar_of(row: Values) -> Calendar:
    return Calendar(
        id=row["id"],
        name=row["name"],
        readonly=row["readonly"],
        deleted=row["deleted"],
        primary=row["is_primary"],
    )


def _profile_row(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "provider": profile.provider,
        "service": profile.service,
        "name": profile.name,
        "connected": profile.connected,
        "initial_sync": profile.initial_sync,
        "relink_url": profile.relink_url,
        "mode": profile.mode,
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


@dataclass(frozen=True, slots=True)
class TargetCalendar:
    """A calendar of a coach. `connected`: we have working credentials for it.
    `writable`: it takes events. `by_invitation`: what is written comes to the coach as an
    invitation, so that nothing that is read says whether it stands there.
    """

    connection_id: str
    calendar_id: str
    connected: bool
    writable: bool
    provider: str = ""
    by_invitation: bool = False

    @property
    def open(self) -> bool:
        """Whether an event can be put into it, or taken out."""
        return self.connected and self.writable


def targets(tx: Connection, coach_id: str) -> tuple[TargetCalendar, ...]:
    """The coach's calendars, the best first: those that can be reached, of those the one that the
    coach chose (unless it takes no events), then those that are written straight into, then the
    primary ones.
    """
    profile = and_(
        profiles.c.connection_id == calendars.c.connection_id,
        profiles.c.id == calendars.c.profile_id,
    )
    # coalesce: of a null neither = nor != is true,
    # and `order by` would put it where each database likes it.
    connected = and_(profiles.c.connected, func.coalesce(connections.c.trouble, "") != "revoked")
    chosen = func.coalesce(connections.c.receives, "") == calendars.c.id
    invited = profiles.c.mode != "read_write"
    query = (
        select(
            calendars.c.connection_id,
            calendars.c.id,
            connected.label("connected"),
            calendars.c.readonly,
            profiles.c.provider,
            invited,
        )
        .join(connections, connections.c.id == calendars.c.connection_id)
        .join(profiles, profile)
        .where(
            connections.c.coach_id == coach_id,
            calendars.c.deleted.is_(False),
            connections.c.erase_due.is_(False),
        )
        .order_by(connected.desc(), and_(chosen, calendars.c.readonly.is_(False)).desc())
        .order_by(invited, calendars.c.is_primary.desc())
        .order_by(calendars.c.connection_id, calendars.c.id)
    )
    return tuple(
        TargetCalendar(
            row[0],
            row[1],
            bool(row[2]),
            writable=not row[3],
            provider=row[4],
            by_invitation=bool(row[5]),
        )
        for row in tx.execute(query)
    )
