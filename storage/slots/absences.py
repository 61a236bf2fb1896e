"""Sessions that lie where their coach is away, or has a holiday. They are told, and stay: only
people move or cancel one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.sessions import Booking, Session
from domain.slots.absent import reason_absent
from domain.slots.reasons import Reason
from storage.rows import bookings, sessions
from storage.slots.slot_sets import FOREVER


@dataclass(frozen=True, slots=True)
class SessionInside:
    """A coming session, why its coach is not there, and the seats that stand."""

    session: Session
    reason: Reason
    seats: tuple[Booking, ...]


def sessions_inside(tx: Connection, coach: Coach, *, now: datetime) -> list[SessionInside]:
    """In order of time. Nothing is asked of the database for a coach who is always there."""
    if not coach.away and not coach.holidays.dates:
        return []
    found = []
    for session in sessions.of_coach(tx, coach.id, int(now.timestamp()), FOREVER):
        reason = reason_absent(coach, session.starts, session.ends)
        if session.active and not session.begun(now) and reason is not None:
            found.append((session, reason))
    seats = bookings.of_sessions(tx, [session.id for session, _ in found])
    inside = []
    for session, reason in found:
        standing = [seat for seat in seats[session.id] if seat.status == "booked"]
        inside.append(SessionInside(session, reason, tuple(standing)))
    return inside
