"""What became of a session that has begun: completed, or missed by a participant."""

from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection

from domain.notices import Change
from domain.pod_groups import took_part
from domain.sessions import Booking, BookingStatus, Refused, Session, SessionStatus, Terms, Unknown
from storage.rows import bookings, sessions
from storage.slots import bookable
from storage.transactions import notices
from storage.transactions.pods import Made

Attended = Literal["completed", "missed"]


def report(
    tx: Connection,
    session_id: str,
    attended: Attended,
    terms: Terms,
    *,
    participant_id: str | None = None,
) -> Made:
    """Mark everyone who had a seat, or one participant; whoever missed it is mailed so. A mistake
    may be corrected.

    Raises Refused before it begins and once nobody has a seat; Unknown.
    """
    # Read again under the lock: before it the session is only asked whose it is.
    coach = bookable.lock(tx, sessions.get(tx, session_id).coach_id, terms)
    session = sessions.get(tx, session_id)
    if not session.begun(terms.now):
        raise Refused("not_begun", "The session has not begun: cancel the booking instead.")
    changes: list[Change] = []
    reported: set[BookingStatus] = set()
    is_there = False
    for booking in bookings.of_session(tx, session_id):
        if not took_part(session, booking):
            continue
        if participant_id not in (None, booking.participant.id):
            reported.add(booking.status)
            continue
        is_there = True
        reported.add(attended)
        if booking.status != attended:
            changes.append(_marked(tx, session, booking, attended, terms))
    if not is_there:
        raise _nobody(participant_id)
    after = replace(session, status=_status(reported), version=session.version + 1)
    sessions.put(tx, session, after, terms.now)
    # Only an absence is mailed: whoever was there knows it.
    missed = changes
    if attended != "missed":
        missed = []
    wake = notices.owe(tx, coach, terms, missed)
    return Made(sessions.get(tx, session_id), bookings.of_session(tx, session_id), wake)


def _nobody(participant_id: str | None) -> Unknown | Refused:
    if participant_id is not None:
        return Unknown("participant", participant_id)
    return Refused(
        "nobody_seated", "Nobody had a seat in this session: there is no attendance to report."
    )


def _status(reported: set[BookingStatus]) -> SessionStatus:
    """One who was there completes the session; it is missed when nobody can be any more."""
    if "completed" in reported:
        return "completed"
    if "booked" in reported:
        return "booked"
    return "missed"


def _marked(
    tx: Connection, session: Session, booking: Booking, attended: Attended, terms: Terms
) -> Change:
    """Calendars are not told: the event stays what it was."""
    changed = booking.changed(terms.now, told_calendars=False, status=attended)
    bookings.put(tx, booking, changed, session.coach_id)
    return Change("missed", session, changed)
