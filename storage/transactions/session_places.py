"""Where a session is, changed once people are booked: they are told, and so are the calendars."""

from dataclasses import replace

from sqlalchemy import Connection

from domain.errors import Invalid
from domain.places import Place
from domain.sessions import Refused, Session, Terms
from storage.rows import bookings as booking_rows
from storage.rows import places, sessions
from storage.slots import bookable
from storage.transactions import notices
from storage.transactions.pod_seats import each_seat
from storage.transactions.pods import Made


def change(
    tx: Connection,
    session_id: str,
    wanted: Place | None,
    terms: Terms,
    *,
    expected: int | None = None,
) -> Made:
    """Hold a session or pod elsewhere; None: where a new one would be held now. Everybody with a
    seat is mailed, and the event in the coach's calendar follows.

    Raises Refused, Unknown, Invalid.
    """
    # Read twice: before the lock, to learn whose lock to take, and under it, because somebody may
    # have changed the session while we waited.
    coach = bookable.lock(tx, sessions.get(tx, session_id).coach_id, terms)
    before = sessions.get(tx, session_id)
    _check_open_to_change(before, terms, expected=expected)
    place = places.choose(tx, coach, before.context, terms, wanted)
    if place is None:
        detail = "Nobody says where sessions are by default: send a place."
        raise Invalid("place", "no_place", detail)
    if place == before.place:
        return Made(before, booking_rows.of_session(tx, session_id), [])
    after = replace(before, place=place, join_url=None, version=before.version + 1)
    sessions.put(tx, before, after, terms.now)
    sessions.leave_link(tx, before, place)
    told = each_seat(tx, after, "place_changed", terms)
    wake = notices.owe(tx, coach, terms, told, [after])
    return Made(sessions.get(tx, session_id), booking_rows.of_session(tx, session_id), wake)


def _check_open_to_change(session: Session, terms: Terms, *, expected: int | None) -> None:
    if expected is not None and expected != session.version:
        detail = (
            f"The session is at version {session.version} now: read it again, then repeat your"
            " change with that."
        )
        raise Refused("stale_version", detail, current=session.version)
    if not session.active:
        code = "booking_ended"
        if session.pod:
            code = "pod_ended"
        detail = "This session was called off, and is held nowhere: make a new one."
        raise Refused(code, detail, ended_as=session.status)
    if session.begun(terms.now):
        raise Refused("already_begun", "The session has begun, where it is.", reason="past")
