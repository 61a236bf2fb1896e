"""The history of sessions and bookings: what is kept of each change. Ids, instants, states and
numbers; never a name, an address, a title or a link.
"""

from dataclasses import dataclass, field
from datetime import datetime

from domain.sessions import Booking, Session

Kept = dict[str, str | int | bool | None]
INSTANTS = ("start", "end", "deadline", "conflict_since")
"""Of what is kept, what is an instant: epoch seconds."""
HOLDS = ("held", "hold_used", "hold_released", "hold_expired")
WHATS = (
    *("made", "moved", "place_changed", "changed", "attendance", "given_up", "called_off"),
    *("short_of_seats", "conflict", "conflict_over", "clocks_moved", "link_assigned"),
    *("booked", "seat_moved", "followed", "cancelled", "missed", "completed", "answered"),
    *(*HOLDS, "forgotten"),
)
"""What may have happened to a session, to a booking, to a hold. `followed`: a booking has a new
version because of what happened to its session.
"""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One change. `before`, `after`: what became another; without `before` it is new.
    `reason`: why it was forced. `excused`: it did not count, though it was late or over a limit.
    """

    at: datetime
    what: str
    coach_id: str
    session_id: str
    booking_id: str | None = None
    before: Kept = field(default_factory=dict)
    after: Kept = field(default_factory=dict)
    reason: str | None = field(default=None, repr=False)
    excused: bool = False


def of_session(before: Session | None, after: Session, at: datetime) -> HistoryStep:
    """What happened to the session, or the hold."""
    was: Kept = {}
    if before is not None:
        was = _session(before)
    old, new = _different(was, _session(after))
    what = _of_session(before, after)
    reason = after.force_reason
    if before is not None and (what != "moved" and reason == before.force_reason):
        reason = None  # it was said before
    return HistoryStep(at, what, after.coach_id, after.id, None, old, new, reason)


def of_booking(
    before: Booking | None, after: Booking, coach_id: str, *, excused: bool = False
) -> HistoryStep:
    was: Kept = {}
    if before is not None:
        was = _booking(before)
    old, new = _different(was, _booking(after))
    what, at = _of_booking(before, after), after.changed_at
    reason = after.overlap_reason
    if before is not None and reason == before.overlap_reason:
        reason = None  # it was said before
    return HistoryStep(
        at, what, coach_id, after.session_id, after.id, old, new, reason, excused=excused
    )


def _of_session(before: Session | None, after: Session) -> str:
    if before is None:
        return "held" if after.kind == "hold" else "made"
    if before.active and not after.active:
        return "called_off" if after.status == "disabled" else "given_up"
    if (before.starts, before.ends) != (after.starts, after.ends):
        return "moved"
    if before.place != after.place:
        return "place_changed"
    if after.status in ("completed", "missed"):
        return "attendance"
    return "changed"


def _of_booking(before: Booking | None, after: Booking) -> str:
    if before is None:
        return "booked"
    if before.status != after.status:
        return after.status
    if before.session_id != after.session_id:
        return "seat_moved"
    return "followed"


def _session(session: Session) -> Kept:
    kind = None
    if session.place is not None:
        kind = session.place.kind
    context = session.context
    return {
        "kind": session.kind,
        "version": session.version,
        "status": session.status,
        "start": session.starts,
        "end": session.ends,
        "max_seats": session.capacity,
        "min_seats": session.min_seats,
        "format": session.format,
        "group_id": session.group_id,
        "deadline": _seconds(session.deadline),
        "conflict_since": _seconds(session.conflict_since),
        "place": kind,
        "company": context.company,
        "project": context.project,
        "cohort": context.cohort,
    }


def _booking(booking: Booking) -> Kept:
    return {
        "session_id": booking.session_id,
        "version": booking.version,
        "status": booking.status,
        "moves": booking.moves,
        "late_moves": booking.late_moves,
        "replaces": booking.replaces,
    }


def _seconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int(moment.timestamp())


def _different(before: Kept, after: Kept) -> tuple[Kept, Kept]:
    """What is another; of what is new, all that is there."""
    if not before:
        return {}, {name: value for name, value in after.items() if value not in (None, 0)}
    names = [name for name, value in after.items() if before[name] != value]
    return {name: before[name] for name in names}, {name: after[name] for name in names}
