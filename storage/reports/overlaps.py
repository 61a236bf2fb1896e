"""Participants who are in two sessions at once, as ops see it: ids, times and whether somebody
forced it. Never a name, never a title.

They come about by force, or were there before the rule was.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, and_, func, or_, select

from domain.hours import DAY_SECONDS
from storage.schema import records
from storage.schema.tables import bookings, sessions

AHEAD = timedelta(days=28)
"""Who looks further pays for all that was ever booked."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """The earlier of two sessions, and the other; `starts` in epoch seconds. `forced`: one of the
    two bookings was made or moved although it overlaps.
    """

    participant_id: str
    session_id: str
    coach_id: str
    starts: int
    other_session_id: str
    other_coach_id: str
    other_starts: int
    forced: bool


def coming(tx: Connection, *, now: datetime, limit: int = 20) -> list[Overlap]:
    """Those of the coming weeks, the soonest first."""
    query = _pairs(now)
    first, second = query.selected_columns.starts, query.selected_columns.other_starts
    return records.all_as(tx, Overlap, query.order_by(first, second).limit(limit))


def count_unforced(tx: Connection, *, now: datetime) -> int:
    """How many of them nobody forced."""
    pairs = _pairs(now).subquery()
    return tx.scalar(select(func.count()).where(pairs.c.forced.is_(False))) or 0


def _pairs(now: datetime) -> Select[tuple[str, str, str, int, str, str, int, bool]]:
    seconds, until = int(now.timestamp()), int((now + AHEAD).timestamp())
    mine = bookings.c
    seats = (
        select(
            mine.participant_id,
            mine.overlap_reason,
            sessions.c.id,
            sessions.c.coach_id,
            sessions.c.starts,
            sessions.c.ends,
        )
        .join_from(sessions, bookings)
        .where(mine.status == "booked", sessions.c.active)
        .where(sessions.c.ends > seconds)
        # By the bookings' own starts there is an index; no session is as long as a day.
        .where(mine.starts > seconds - DAY_SECONDS, mine.starts < until)
        .cte("seats")
    )
    one, other = seats.alias("one"), seats.alias("other")
    # Each pair once: the one that begins first, and of two that begin together that of the lower id
    comes_first = or_(
        one.c.starts < other.c.starts, and_(one.c.starts == other.c.starts, one.c.id < other.c.id)
    )
    same = one.c.participant_id == other.c.participant_id
    forced = or_(one.c.overlap_reason.is_not(None), other.c.overlap_reason.is_not(None))
    return select(
        one.c.participant_id,
        one.c.id,
        one.c.coach_id,
        one.c.starts,
        other.c.id.label("other_id"),
        other.c.coach_id.label("other_coach_id"),
        other.c.starts.label("other_starts"),
        forced.label("forced"),
    ).where(same, comes_first, other.c.starts < one.c.ends)
