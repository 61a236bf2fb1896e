"""Bookings as rows: one participant's seat in a session each.

    booked <--------------------------------+
      |                                     |
      +--rebooked: version + 1--------------+
      |
      +--cancelled, or its pod called off--> cancelled
      +--cancelled too late----------------> missed
      +--reported, once it has begun-------> completed <--corrected--> missed

None of the ends leads back: whoever cancelled and comes again gets a new booking, with a new UID.
"""

import secrets
from collections.abc import Callable
from dataclasses import fields
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from domain import history
from domain.change_rules import Used
from domain.mail.safety import mail_address
from domain.sessions import ERASED_ID, Booking, Context, Participant, Session, Terms, Unknown
from storage.schema.columns import one_of
from storage.schema.history import note
from storage.schema.tables import bookings, sessions

row = bookings.c

# Not LIKE: its underscore is any letter, and on SQLite it knows no case. Nobody's id of the
# platform's own begins so.
IS_SOMEBODY = func.substr(row.participant_id, 1, len(ERASED_ID)) != ERASED_ID
"""Whose seat this is was not forgotten."""


def new(session: Session, participant: Participant, context: Context, terms: Terms) -> Booking:
    """A booking that is not written yet, with its names for life."""
    # One name for both: whoever finds the event in a calendar finds the booking.
    name = secrets.token_hex(12)
    booking = Booking(
        id=f"bkg_{name}",
        session_id=session.id,
        participant=participant,
        context=context,
        uid=f"{name}@{terms.uid_domain}",
        created_at=terms.now,
        changed_at=terms.now,
    )
    return booking.timed(session)


def add(tx: Connection, booking: Booking, coach_id: str, *, excused: bool = False) -> None:
    tx.execute(bookings.insert().values(_values(booking)))
    note(tx, history.of_booking(None, booking, coach_id, excused=excused))


def put(
    tx: Connection,
    before: Booking,
    booking: Booking,
    coach_id: str,
    *,
    excused: bool = False,
    answer_stays: bool = False,
) -> None:
    """Write what the caller read and changed under the coach's lock; but for whose it is.
    `excused`: as its history tells it. `answer_stays`: what was answered to the invitation before
    counts, though its sequence grows.
    """
    # The race: retention takes people out of bookings without that lock. Written whole, whoever was
    # forgotten since would be there again.
    values = _values(booking)
    for name in _whose(booking.participant):
        del values[name]
    still_theirs = row.participant_id == booking.participant.id
    for name in ("overlap_reason", "wall", "wall_moved"):
        values[name] = case((still_theirs, values[name]), else_=row[name])
    values["answers_from"] = case((row.sequence == booking.sequence, row.answers_from), else_=None)
    if answer_stays:
        values["answers_from"] = first_answered()
    tx.execute(bookings.update().where(row.id == booking.id).values(values))
    note(tx, history.of_booking(before, booking, coach_id, excused=excused))


def first_answered() -> ColumnElement[int]:
    """The first sequence of the booking of which an answer counts."""
    return func.coalesce(row.answers_from, row.sequence)


def put_participant(tx: Connection, booking_id: str, who: Participant) -> None:
    """Write whose seat it is, and nothing else of the booking; why they were in two sessions at
    once is forgotten, not that they were; and so is their local time.
    """
    # The race: whoever anonymises takes no coach's lock. Written whole, the booking would lose what
    # somebody changed of it in between.
    forgotten = {"overlap_reason": case((row.overlap_reason.is_not(None), ""), else_=None)}
    values = _whose(who) | forgotten | {"wall": None, "wall_moved": None, "told_wall": None}
    tx.execute(bookings.update().where(row.id == booking_id).values(values))


def get(tx: Connection, booking_id: str) -> Booking:
    """Raises Unknown."""
    found = _all(tx, row.id == booking_id)
    if not found:
        raise Unknown("booking", booking_id)
    return found[0]


def coach_of(tx: Connection, booking_id: str) -> str:
    """Raises Unknown."""
    # To learn whose lock to take. By the time that it is taken the seat may be in another coach's
    # pod (storage.transactions.bookings.stand).
    query = (
        select(sessions.c.coach_id)
        .join(bookings, row.session_id == sessions.c.id)
        .where(row.id == booking_id)
    )
    found = tx.scalar(query)
    if found is None:
        raise Unknown("booking", booking_id)
    return str(found)


def group_of(tx: Connection, booking_id: str) -> str | None:
    """The group that the booking's pod is in."""
    query = select(sessions.c.group_id).join(bookings, row.session_id == sessions.c.id)
    found: str | None = tx.scalar(query.where(row.id == booking_id))
    return found


def of_session(tx: Connection, session_id: str) -> list[Booking]:
    """All seats that were ever taken, the oldest first."""
    return _all(tx, row.session_id == session_id)


def of_sessions(tx: Connection, session_ids: list[str]) -> dict[str, list[Booking]]:
    found: dict[str, list[Booking]] = {session_id: [] for session_id in session_ids}
    for booking in _all(tx, one_of(tx, row.session_id, session_ids)):
        found[booking.session_id].append(booking)
    return found


def coming(tx: Connection, coach_id: str, participant_id: str, *, now: int) -> list[Booking]:
    """The participant's bookings with this coach that stand and have not begun (`now` in epoch
    seconds), the soonest first.
    """
    query = select(bookings).join(sessions, row.session_id == sessions.c.id)
    mine = query.where(
        sessions.c.coach_id == coach_id,
        row.participant_id == participant_id,
        row.status == "booked",
    )
    return _read(tx, mine.where(sessions.c.starts > now).order_by(sessions.c.starts))


def of_participant(tx: Connection, participant_id: str, *, since: int, limit: int) -> list[Booking]:
    """The participant's bookings of sessions that occupy their coach and end after `since` (epoch
    seconds), the earliest first.
    """
    query = select(bookings).join(sessions, row.session_id == sessions.c.id)
    mine = query.where(
        row.participant_id == participant_id,
        row.status != "cancelled",
        sessions.c.active,
        sessions.c.ends > since,
    )
    return _read(tx, mine.order_by(sessions.c.starts, row.id).limit(limit))


def used_by(tx: Connection, participant_id: str) -> list[Used]:
    """What each of the participant's bookings has used of what scopes allow."""
    columns = (row.context, sessions.c.context, row.moves, row.late_moves, row.status)
    query = select(*columns).join(sessions, row.session_id == sessions.c.id)
    found = []
    # Compared by whoever asks: PostgreSQL knows no equality of JSON, and to SQLite it is a text.
    for mine, its, moves, late_moves, status in tx.execute(
        query.where(row.participant_id == participant_id)
    ):
        context = Context.of_json(mine).within(Context.of_json(its))
        found.append(Used(context, moves, late_moves, status == "missed"))
    return found


def is_seated(tx: Connection, session_id: str, participant_id: str) -> bool:
    mine = select(row.id).where(row.session_id == session_id, row.participant_id == participant_id)
    return tx.scalar(mine.where(row.status == "booked")) is not None


def seated(tx: Connection, session_id: str) -> list[str]:
    """The ids of the participants who have a seat, but for those who were erased."""
    theirs = row.session_id == session_id, row.status == "booked"
    query = select(row.participant_id).where(*theirs)
    return list(tx.scalars(query.where(IS_SOMEBODY)))


def in_group(tx: Connection, group_id: str, participant_id: str | None = None) -> list[Booking]:
    """The seats that were ever taken in the group's pods, of one participant or of all, the oldest
    first.
    """
    query = select(bookings).join(sessions, row.session_id == sessions.c.id)
    theirs = query.where(sessions.c.group_id == group_id, sessions.c.active)
    if participant_id is not None:
        theirs = theirs.where(row.participant_id == participant_id)
    return _read(tx, theirs.order_by(row.created_at, row.id))


def _all(tx: Connection, *where: ColumnElement[bool]) -> list[Booking]:
    return _read(tx, select(bookings).where(*where).order_by(row.created_at, row.id))


def _read(tx: Connection, query: Select[Any]) -> list[Booking]:
    return list(map(of_row, tx.execute(query).all()))


def of_row(found: Row[Any]) -> Booking:
    """Of a whole row, with nothing in front of it."""
    participant_id, participant, context, answer, answered, first, starts = _BESIDE(found)
    values = dict(zip(_NAMES, _AS_THEY_ARE(found), strict=True))
    if first is None:
        first = values["sequence"]
    # Who accepted ten o'clock has not said a word about eleven.
    if answered is None or answered < first:
        answer = None
    # The release before moves bookings, and leaves the local time that it was before. The next roll
    # knows no other either.
    if values["wall_starts"] != starts:
        values |= {"wall": None, "wall_moved": None}
    return Booking(
        participant=Participant(id=participant_id, **participant),
        context=Context.of_json(context),
        answer=answer,
        **values,
    )


def _by_place(*names: str) -> Callable[[Row[Any]], tuple[Any, ...]]:
    # Of a row by name each costs ten times that, and lists have hundreds.
    places = list(row.keys())
    return itemgetter(*map(places.index, names))


_MADE = ("participant", "context", "answer")
_NAMES = tuple(field.name for field in fields(Booking) if field.name not in _MADE)
_AS_THEY_ARE = _by_place(*_NAMES)
_BESIDE = _by_place(
    *("participant_id", "participant", "context"),
    *("answer", "answered_sequence", "answers_from"),
    "starts",
)


def _values(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.id,
        "session_id": booking.session_id,
        **_whose(booking.participant),
        "context": booking.context.as_json(),
        "status": booking.status,
        "version": booking.version,
        "uid": booking.uid,
        "sequence": booking.sequence,
        "moves": booking.moves,
        "late_moves": booking.late_moves,
        "overlap_reason": booking.overlap_reason,
        "wall": booking.wall,
        "wall_starts": booking.wall_starts,
        "wall_moved": booking.wall_moved,
        "replaces": booking.replaces,
        "created_at": booking.created_at,
        "changed_at": booking.changed_at,
    }


def _whose(who: Participant) -> dict[str, Any]:
    # The address as mails have it, not as it was typed: a person is found by this very text.
    participant = {
        "name": who.name,
        "email": mail_address("participant.email", who.email),
        "zone": who.zone,
        "language": who.language,
        "my_page_url": who.my_page_url,
    }
    return {"participant_id": who.id, "participant": participant}
