"""The coming sessions whose events of ours should stand in an account's calendars."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from domain.accounts import Account
from domain.event_differences import Times
from storage.rows import event_differences as rows
from storage.rows.event_differences import Difference
from storage.schema import records
from storage.schema.tables import calendars, profiles, sessions
from storage.transactions.write_back import coming_of


@dataclass(frozen=True, slots=True)
class Watched:
    """A coming session, and in which calendar its event should stand."""

    session_id: str
    calendar_id: str
    starts: int
    ends: int
    stood_ms: int | None

    @property
    def times(self) -> Times:
        return self.starts, self.ends


def until(tx: Connection, coach_id: str, connection_id: str, *, now: datetime) -> int | None:
    """Until when (epoch seconds) sessions come whose events stand in this account; None: there are
    none, and no difference to be settled, so that nobody need read its events.
    """
    listed = select(calendars.c.id).where(calendars.c.connection_id == connection_id)
    mine = coming_of(coach_id, now), sessions.c.event_calendar_id.in_(listed)
    last: int | None = tx.scalar(select(func.max(sessions.c.ends)).where(*mine))
    if last is None and rows.of_connection(tx, connection_id):
        return int(now.timestamp())
    return last


def watched(
    tx: Connection, coach_id: str, connection_id: str, account: Account | None, *, now: datetime
) -> Iterator[Watched]:
    """The coming sessions whose events should stand in this account, where it can be read."""
    row = sessions.c
    columns = (row.id, row.event_calendar_id, row.starts, row.ends, row.event_stood_ms)
    profile = and_(
        profiles.c.connection_id == calendars.c.connection_id,
        profiles.c.id == calendars.c.profile_id,
    )
    query = select(*columns).join(calendars, calendars.c.id == row.event_calendar_id)
    mine = query.join(profiles, profile).where(
        coming_of(coach_id, now), calendars.c.connection_id == connection_id
    )
    listed = _listed(account)
    if listed is None:
        direct = profiles.c.mode == "read_write"
        well = profiles.c.connected, profiles.c.initial_sync.is_(False), direct
        mine = mine.where(calendars.c.deleted.is_(False), *well)
    for event in records.all_as(tx, Watched, mine.order_by(row.id)):
        if listed is None or event.calendar_id in listed:
            yield event


def _listed(account: Account | None) -> frozenset[str] | None:
    """The calendars that can be read, as the account says now; None: it was not asked."""
    if account is None:
        return None
    found = set[str]()
    for profile in account.profiles:
        # A broken login, and a first sync, answer with what was there before, or with nothing. And
        # where sessions come as invitations, what is missing may wait for the coach's word.
        well = profile.connected and not profile.initial_sync
        if well and profile.mode == "read_write":
            found.update(each.id for each in profile.calendars if not each.deleted)
    return frozenset(found)


def lasting(tx: Connection, differences: Sequence[Difference], now: datetime) -> frozenset[str]:
    """Of these, the sessions that come yet, and whose events should stand where they did."""
    found = set()
    for each in differences:
        row = sessions.c
        mine = row.id == each.session_id, row.event_calendar_id == each.calendar_id
        coming = row.active, row.ends > int(now.timestamp())
        if tx.scalar(select(row.id).where(*mine, *coming)) is not None:
            found.add(each.session_id)
    return frozenset(found)
