"""What participants answered as attendees of the event in the coach's calendar, where the coach
added them: kept and shown as answers by mail are, and nothing else is changed by it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.errors import Invalid
from domain.event_differences import Standing
from domain.history import HistoryStep, Kept
from domain.mail.safety import mail_address
from domain.sessions import Answer
from storage.schema.history import note
from storage.schema.tables import bookings, sessions

row = bookings.c
Answers = Mapping[str, Answer | None]
"""By address, in small letters."""


def keep(tx: Connection, events: Sequence[Standing], *, now: datetime) -> None:
    """Of whoever else the coach added nothing is stored."""
    answered = {}
    for event in events:
        # Most have nobody: then nothing is asked of the database.
        if answers := _answers(event):
            answered[event.session_id] = event, answers
    if not answered:
        return
    query = select(row.id, row.session_id, row.participant, row.sequence, row.attendee_answer)
    seats = query.join(sessions).where(row.session_id.in_(answered), row.status == "booked")
    for seat in tx.execute(
        seats.add_columns(sessions.c.coach_id, sessions.c.starts, sessions.c.ends)
    ).all():
        event, answers = answered[seat.session_id]
        address = seat.participant["email"].lower()
        # It has no moment: only what changed is news. So an answer by mail that came meanwhile is
        # not overwritten by an old one that every read shows again.
        if address not in answers or answers[address] == seat.attendee_answer:
            continue
        answer = answers[address]
        # To an event that stands at another time it is an answer to another time. But that they are
        # asked anew there is remembered: the same answer as before is news then.
        if answer is not None and event.times != (seat.starts, seat.ends):
            continue
        values: dict[str, Any] = {"attendee_answer": answer}
        if answer is not None:
            values |= {"answer": answer, "answered_at": now, "answered_sequence": seat.sequence}
        # The race: the session is moved since it was looked at. Then nobody answered to that time.
        same = row.id == seat.id, row.sequence == seat.sequence
        if tx.execute(bookings.update().where(*same).values(values)).rowcount:
            said: Kept = {"answer": answer}
            whose = (seat.coach_id, seat.session_id, seat.id)
            note(tx, HistoryStep(now, "answered", *whose, after=said))


def _answers(event: Standing) -> Answers:
    found = {}
    for address, answer in event.attendees:
        try:
            found[mail_address("attendee", address).lower()] = answer
        except Invalid:
            continue
    return found
