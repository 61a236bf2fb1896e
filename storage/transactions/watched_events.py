"""The coming sessions whose events of ours stand in an account's calendars, and what we know of our
own writes of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from domain.accounts import Account
from domain.event_differences import OwnWrites, Times
from storage.rows import event_differences as rows
from storage.rows import outbox_claims
from storage.rows.event_differences import Difference
from storage.schema import records
from storage.schema.database_clock import clock_ms
from storage.schema.tables import calendars, event_looks, profiles, sessions
from storage.schema.tables import outbox as outbox_rows
from storage.transactions import looks
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


def owed_writes(tx: Connection, coach_id: str, *, now: datetime) -> dict[str, list[str]]:
    """The states of the writes that are owed, by session; looks write only what is not right."""
    row = outbox_rows.c
    query = select(row.session_id, row.state).join(sessions, sessions.c.id == row.session_id)
    mine = row.kind == "calendar", row.topic != looks.LOOK, row.state.in_(outbox_claims.OPEN)
    found: dict[str, list[str]] = {}
    for session_id, state in tx.execute(query.where(coming_of(coach_id, now), *mine)):
        found.setdefault(session_id, []).append(state)
    return found


def is_refused(tx: Connection, session_id: str) -> bool:
    """Whether a write of it was refused for good: another would be, until a person sees to it."""
    row = outbox_rows.c
    dead = row.session_id == session_id, row.kind == "calendar", row.state == "dead"
    return tx.scalar(select(row.id).where(*dead).limit(1)) is not None


def late_writes(tx: Connection, connection_id: str) -> dict[tuple[str, str], OwnWrites]:
    """What may still land in the calendars of this account, by session and calendar."""
    found = {}
    mine = event_looks.select().where(event_looks.c.connection_id == connection_id)
    for each in tx.execute(mine):
        late = looks.times_of(each.may_bring)
        found[each.session_id, each.calendar_id] = OwnWrites(late=late, may_vanish=each.deletes)
    return found


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
        well = profiles.c.connected, profiles.c.initial_sync.is_(False)
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
        # A broken login, and a first sync, answer with what was there before, or with nothing.
        if profile.connected and not profile.initial_sync:
            found.update(each.id for each in profile.calendars if not each.deleted)
    return frozenset(found)


def stood(tx: Connection, session_ids: Sequence[str], at_ms: int) -> None:
    """Remember that their events were seen where they belong, unless it was known."""
    first = sessions.c.id.in_(session_ids), sessions.c.event_stood_ms.is_(None)
    tx.execute(sessions.update().where(*first).values(event_stood_ms=at_ms))


def written(tx: Connection, session_id: str, calendar_id: str, times: Times) -> None:
    """Remember that it was seen in this calendar, with these times, after we wrote it: if that is
    what the session says.
    """
    row = sessions.c
    mine = row.id == session_id, row.event_calendar_id == calendar_id, row.active
    same = row.starts == times[0], row.ends == times[1]
    tx.execute(sessions.update().where(*mine, *same).values(event_stood_ms=clock_ms()))


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
