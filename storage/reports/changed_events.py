"""Events of sessions that their coaches changed in their own calendars, as ops see them: ids, times
and how long nobody settled it. Never a title.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from storage.rows.event_differences import SETTLED
from storage.schema import records
from storage.schema.tables import event_differences, sessions

row = event_differences.c


@dataclass(frozen=True, slots=True)
class Unsettled:
    """How many wait to be settled, and since when the oldest does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class CoachWithChanges:
    """A coach with sessions to settle."""

    coach_id: str
    sessions: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ChangedEvent:
    """One of them; times in epoch seconds. `event_starts`: where the event stands now; None: it is
    gone.
    """

    session_id: str
    kind: str
    starts: int
    ends: int
    event_starts: int | None
    event_ends: int | None
    since: datetime


def unsettled(tx: Connection, *, now: datetime) -> Unsettled:
    query = select(func.count(), func.min(row.since)).join_from(event_differences, sessions)
    return Unsettled(*tx.execute(query.where(_open(now))).one())


def coaches(tx: Connection, *, now: datetime, limit: int = 20) -> list[CoachWithChanges]:
    """Those that have waited longest first."""
    first = func.min(row.since)
    query = select(sessions.c.coach_id, func.count(), first)
    found = query.join_from(event_differences, sessions).where(_open(now))
    each = found.group_by(sessions.c.coach_id).order_by(first, sessions.c.coach_id)
    return records.all_as(tx, CoachWithChanges, each.limit(limit))


def of_coach(tx: Connection, coach_id: str, *, now: datetime) -> list[ChangedEvent]:
    query = select(
        row.session_id,
        row.kind,
        sessions.c.starts,
        sessions.c.ends,
        row.starts,
        row.ends,
        row.since,
    )
    found = query.join_from(event_differences, sessions)
    mine = found.where(_open(now), sessions.c.coach_id == coach_id)
    return records.all_as(tx, ChangedEvent, mine.order_by(sessions.c.starts, row.session_id))


def _open(now: datetime) -> ColumnElement[bool]:
    # Of an account that nobody can read any more nothing ends the difference of a session but time.
    coming = sessions.c.active, sessions.c.ends > int(now.timestamp())
    return and_(row.kind != SETTLED, *coming)
