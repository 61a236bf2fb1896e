"""How a difference between a session and its event in the coach's calendar is settled: the event is
put back, or the session moves to where the event stands. Whoever comes second finds it settled.

The race: the coach clicks twice, or in two windows, or drags the event on between the page and the
click. Each takes the coach's lock first, and names the episode that it was shown.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.errors import Invalid
from domain.event_differences import Kind
from domain.sessions import Refused, Session, Terms, Unknown
from storage.rows import bookings as booking_rows
from storage.rows import coaches, outbox, sessions
from storage.rows import event_differences as rows
from storage.rows.event_differences import Difference
from storage.rows.outbox_claims import Wake
from storage.schema.tables import outbox as outbox_rows
from storage.slots import bookable, slot_sets
from storage.transactions import bookings, pods
from storage.transactions.pods import Changes
from storage.transactions.write_back import owed_row


def put_back(tx: Connection, session_id: str, token: str, now: datetime) -> bool:
    """Owe the calendar the session as it is, and settle the difference. False: that was settled
    already, or is another one by now. Nobody is woken: the sweeper does that.
    """
    try:
        coach = coaches.lock(tx, sessions.get(tx, session_id).coach_id)
        session = sessions.get(tx, session_id)
    except Unknown:
        return False
    standing = rows.of_session(tx, session_id)
    if coach is None or standing is None or standing.token != token:
        return False
    rows.settle(tx, session_id)
    owe_writing(tx, session, standing, now)
    slot_sets.recompute(tx, coach, now=now)
    return True


def owe_writing(tx: Connection, session: Session, found: Difference, now: datetime) -> None:
    """The calendar is to show the session as it is, as long as that is not over."""
    if session.active and session.ends > now.timestamp():
        key = f"{_back(session, found.kind)}:{found.token}"
        row = owed_row(session.coach_id, session.id, session.version, key, now)
        outbox.add(tx, [row], now=now)


def times_put_back(tx: Connection, session: Session, kind: Kind) -> int:
    """How often its event was put back after such a deed, by a write that was done, as the session
    is now.
    """
    row = outbox_rows.c
    key = row.dedupe_key.startswith(f"calendar:{_back(session, kind)}:", autoescape=True)
    mine = row.session_id == session.id, row.kind == "calendar", row.state == "sent"
    return tx.scalar(select(func.count()).where(*mine, key)) or 0


def _back(session: Session, kind: Kind) -> str:
    return f"{session.id}:{session.version}:back:{kind}"


def move_there(tx: Connection, session_id: str, token: str, terms: Terms) -> list[Wake]:
    """Rebook the session, a pod with all its seats, to where its event stands: by the ordinary
    rule, with its mails and callbacks. Answers what to wake senders for once this is committed.

    Raises Unknown; and Refused where that time is not open, the event stands at no other time, or
    the difference was settled or is another one by now.
    """
    bookable.lock(tx, sessions.get(tx, session_id).coach_id, terms)
    standing = rows.of_session(tx, session_id)
    if standing is None or standing.token != token:
        raise Refused(
            "difference_settled",
            "This was settled meanwhile, or the event was changed again: look at it anew.",
        )
    try:
        return _rebook(tx, sessions.get(tx, session_id), standing, terms)
    except Invalid as error:
        # A time that no session of this coach's could have: half past by a minute, or two days.
        raise Refused("slot_not_open", error.detail) from error


def _rebook(tx: Connection, session: Session, standing: Difference, terms: Terms) -> list[Wake]:
    starts, ends = standing.starts, standing.ends
    if standing.kind != "moved" or starts is None or ends is None:
        raise Refused(
            "event_not_moved", "The event stands at no other time: put it back, or leave it."
        )
    minutes, rest = divmod(ends - starts, 60)
    if rest or minutes < 1:
        raise Invalid("duration", "duration_not_offered", "The event has no length in minutes.")
    # The session settles the difference as it moves (storage.rows.sessions).
    if session.pod:
        changes = Changes(start=starts, duration=minutes)
        return pods.change(tx, session.id, changes, terms).wake
    booking_id = _seat_of(tx, session.id)
    # However late: it is the coach who moves, and no move of the participant's.
    moved = bookings.rebook(tx, booking_id, starts, terms, duration=minutes, excused=True)
    return moved.wake


def _seat_of(tx: Connection, session_id: str) -> str:
    for booking in booking_rows.of_session(tx, session_id):
        if booking.status == "booked":
            return booking.id
    raise Refused("booking_ended", "Nobody has a seat in this session any more.")
