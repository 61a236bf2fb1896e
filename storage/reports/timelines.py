"""What happened to a booking, or to a session, in one line: the steps of its history, and what left
or is still to leave because of them (mails, calendar writes, callbacks). States and times, never a
text or an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from domain import events
from storage.reports import outbox as outbox_report
from storage.reports.outbox import Message
from storage.rows import bookings
from storage.rows import history as history_rows
from storage.rows.history import HistoryRow
from storage.schema import records
from storage.schema.tables import bookings as booking_rows
from storage.schema.tables import history, outbox, sessions

MOST = 500
"""Of steps, and of messages: the newest."""
step, owed, seat = history.c, outbox.c, booking_rows.c


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One of the two."""

    at: datetime
    step: HistoryRow | None = None
    message: Message | None = None


def of_booking(tx: Connection, booking_id: str) -> list[TimelineEntry]:
    """The oldest first, with what happened to its session while it was in it. Raises Unknown."""
    now_in = bookings.get(tx, booking_id).session_id
    mine = history_rows.of_booking(tx, booking_id)
    joined, left = _joined(mine), _left(mine)
    of_sessions = and_(step.session_id.in_({now_in, *left}), step.booking_id.is_(None))
    steps = []
    for each in _steps(tx, or_(step.booking_id == booking_id, of_sessions)):
        until = left.get(each.session_id)
        # Of a pod that the seat was moved out of: what happened there later is not its own.
        gone = each.booking_id is None and each.session_id != now_in
        later = gone and until is not None and each.number > until
        if not later and not _is_before(each.at, joined.get(each.session_id)):
            steps.append(each)
    messages = []
    subjects = events.subjects_of_booking(booking_id)
    for message in _messages(tx, owed.booking_id.in_(subjects), now_in):
        of_it = message.booking_id in subjects
        if of_it or not _is_before(message.created_at, joined.get(now_in)):
            messages.append(message)
    return _merged(steps, messages)


def of_session(tx: Connection, session_id: str) -> list[TimelineEntry]:
    """The oldest first, with what happened to the seats in it; nothing where there is none."""
    steps = _steps(tx, step.session_id == session_id)
    return _merged(steps, _messages(tx, owed.session_id == session_id, session_id))


def newest_of(tx: Connection, participant_id: str, *, limit: int) -> list[tuple[str, int]]:
    """The participant's bookings, with when each begins (epoch seconds), the latest first."""
    query = select(seat.id, sessions.c.starts).join(sessions)
    mine = query.where(seat.participant_id == participant_id)
    found = tx.execute(mine.order_by(sessions.c.starts.desc(), seat.id).limit(limit))
    return [(booking_id, starts) for booking_id, starts in found]


def _joined(steps: Sequence[HistoryRow]) -> dict[str, datetime]:
    """The sessions that the seat came into, and when: the first time."""
    found: dict[str, datetime] = {}
    for each in steps:
        if each.what in ("booked", "seat_moved"):
            found.setdefault(each.session_id, each.at)
    return found


def _is_before(moment: datetime, joined: datetime | None) -> bool:
    """Whether that was a pod's own affair: it was made, or was moved, before this seat was in it.
    What happened in the same moment is how it came to be there.
    """
    return joined is not None and moment < joined


def _left(steps: Sequence[HistoryRow]) -> dict[str, int]:
    """The sessions that the seat was moved out of, and when: the number of that step."""
    found = {}
    for each in steps:
        if each.what == "seat_moved":
            found[str(each.before["session_id"])] = each.number
    return found


def _steps(tx: Connection, which: ColumnElement[bool]) -> list[HistoryRow]:
    query = select(*history_rows.COLUMNS).where(which).order_by(step.number.desc())
    return records.all_as(tx, HistoryRow, query.limit(MOST))[::-1]


def _messages(tx: Connection, which: ColumnElement[bool], session_id: str) -> list[Message]:
    # A session's calendar writes and callbacks are nobody's booking. The callback's subject ends
    # with the session: one that ends with a booking is that participant's, and no other's.
    ends = owed.booking_id.endswith(f":{session_id}", autoescape=True)
    its_own = or_(owed.kind == "calendar", and_(owed.kind == "callback", ends))
    of_all = and_(owed.session_id == session_id, its_own)
    return outbox_report.matching(tx, or_(which, of_all), limit=MOST)


def _merged(steps: Sequence[HistoryRow], messages: Sequence[Message]) -> list[TimelineEntry]:
    entries = [TimelineEntry(each.at, step=each) for each in steps]
    for message in messages:
        entries.append(TimelineEntry(message.created_at, message=message))
    # What is owed at one moment with its cause comes after it: the sort keeps their order.
    return sorted(entries, key=lambda entry: entry.at)
