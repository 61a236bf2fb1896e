"""What is kept of people once it was of use: mails lose their texts, bookings lose their people.

Rows stay, with ids, times, seats and statuses: they are what happened. Nothing here is undone.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select

from domain import events as told
from domain.history import HistoryStep
from domain.sessions import Participant
from storage.rows import bookings as booking_rows
from storage.rows import feed
from storage.schema.history import note
from storage.schema.tables import (
    bookings,
    events,
    history,
    imported_people,
    outbox,
    pod_shell_people,
    pod_shells,
    sessions,
)

AT_ONCE = 2_000
"""Rows of one transaction: what has piled up is worked off over some hours,
and no lock is held for long.
"""

FORGOTTEN = ""
"""In place of a reason that was given for a person: that there was one stays known."""
ROLES = ("participant", "coach")
row = outbox.c
_over = row.state.in_(("sent", "superseded"))


def empty_old_mails(tx: Connection, *, now: datetime, after: timedelta) -> int:
    """Mails that ended, of sessions that were over this long ago, lose text and recipient. How many
    did.

    Not those of a session to come: whether its cancellation is sent depends on whom its
    confirmation went to.
    """
    # What belongs to no session (a mail that asks to connect again) goes by when it was due.
    before = now - after
    ended = select(sessions.c.id).where(sessions.c.ends < int(before.timestamp()))
    long_over = or_(row.session_id.in_(ended), and_(row.session_id.is_(None), row.due_at < before))
    old = select(row.id).where(row.kind == "mail", _over, row.recipient.is_not(None), long_over)
    return empty_mails(tx, old.limit(AT_ONCE))


def forget_people(tx: Connection, *, now: datetime, after: timedelta) -> int:
    """Bookings of sessions that were over this long ago lose their person, and so do their mails.
    How many did.

    Whom an import knew by an address alone is known no more once no booking of theirs is left. And
    a pod that had no time for so long loses who was to come.
    """
    before = int((now - after).timestamp())
    never = select(pod_shells.c.id).where(pod_shells.c.created_at < now - after)
    tx.execute(pod_shell_people.delete().where(pod_shell_people.c.shell_id.in_(never)))
    query = select(bookings.c.id, bookings.c.participant_id).join(
        sessions, bookings.c.session_id == sessions.c.id
    )
    # Booking and mails in one transaction: a mail that stayed would say who it was.
    old = dict(
        tx.execute(
            query.where(sessions.c.ends < before, booking_rows.IS_SOMEBODY).limit(AT_ONCE)
        ).all()
    )
    empty_mails(tx, select(row.id).where(row.kind == "mail", row.booking_id.in_(old)))
    forgotten = anonymise(tx, bookings.c.id.in_(old), now=now)
    booked = exists().where(bookings.c.participant_id == imported_people.c.participant_id)
    theirs = imported_people.c.participant_id.in_(set(old.values()))
    tx.execute(imported_people.delete().where(theirs, ~booked))
    return forgotten


def empty_mails(tx: Connection, chosen: Select[tuple[str]]) -> int:
    """Take from these mails what they say and whom they are for; only the role stays.
    How many there were.
    """
    ids = list(tx.scalars(chosen))
    role = row.payload[("recipient", "role")].as_string()
    # A statement for each role: both databases take JSON from us, and each builds it its own way.
    for each in ROLES:
        emptied = outbox.update().where(row.id.in_(ids), role == each)
        tx.execute(
            emptied.values(payload={"recipient": {"role": each}}, recipient=None, last_error=None)
        )
    return len(ids)


def anonymise(tx: Connection, chosen: ColumnElement[bool], *, now: datetime) -> int:
    """Take the person out of these bookings. One participant's bookings still belong together.
    How many there were.
    """
    seats = select(bookings.c.id, bookings.c.participant_id, bookings.c.session_id)
    found = tx.execute(seats.add_columns(sessions.c.coach_id).join(sessions).where(chosen)).all()
    anonymous: dict[str, Participant] = {}
    for booking_id, participant_id, session_id, coach_id in found:
        nobody = anonymous.setdefault(participant_id, Participant.nobody(secrets.token_hex(10)))
        booking_rows.put_participant(tx, booking_id, nobody)
        note(tx, HistoryStep(now, "forgotten", coach_id, session_id, booking_id))
    _forget_meetings(tx, [each.session_id for each in found])
    ids = [each.id for each in found]
    theirs = feed.subjects_of(select(bookings.c.id).where(bookings.c.id.in_(ids)))
    feed.forget(tx, events.c.subject.in_(theirs))
    _forget_clocks(tx, ids)
    overlaps = history.update().where(history.c.booking_id.in_(ids), history.c.reason.is_not(None))
    tx.execute(overlaps.values(reason=FORGOTTEN))
    return len(found)


def _forget_clocks(tx: Connection, booking_ids: Sequence[str]) -> None:
    """What was to be told of their local times says where they live: sent or not, it goes."""
    # The race: an endpoint is owed one of these events just now. It holds the feed's lock for that:
    # under the same lock, it was owed and is found here, or finds no event any more.
    clocks = [told.CLOCK + booking_id for booking_id in booking_ids]
    tx.execute(outbox.delete().where(row.kind == "callback", row.booking_id.in_(clocks)))


def _forget_meetings(tx: Connection, session_ids: Sequence[str]) -> None:
    """Why a 1:1 session was forced is a sentence that somebody typed about one person; that it was
    stays known. Where it was may be their number, or their home.
    """
    theirs = sessions.c.id.in_(session_ids) & (sessions.c.kind == "one_to_one")
    # The link is waited for no more, and the next write empties what the event says of the place.
    somewhere = or_(sessions.c.place.is_not(None), sessions.c.left_links.is_not(None))
    gone: dict[str, Any] = dict.fromkeys(
        ("place", "join_url", "conferencing_address_hash", "conferencing_state")
    )
    gone["left_links"] = []
    tx.execute(sessions.update().where(theirs, somewhere).values(gone))
    told = history.c.session_id.in_(select(sessions.c.id).where(theirs))
    reasons = history.update().where(told, history.c.reason.is_not(None))
    tx.execute(reasons.values(reason=FORGOTTEN))
    forced = sessions.update().where(theirs, sessions.c.force_reason.is_not(None))
    tx.execute(forced.values(force_reason=FORGOTTEN))
