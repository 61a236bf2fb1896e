"""New time zone rules: whose session has another local time now is mailed so, once, with the note
of it. Where the coach's moved everybody in the session is told, where a participant's did they are.
No instant moves, and no booking changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.hours import instant_of
from domain.notices import Change
from domain.sessions import Terms
from storage.rows import bookings, sessions
from storage.rows.outbox_claims import Wake
from storage.slots import timezone_changes
from storage.slots.timezone_changes import Moved
from storage.transactions import notices


def roll(tx: Connection, coach: Coach, terms: Terms) -> tuple[list[Moved], list[Wake]]:
    """The sessions of the coach that the rules of today newly moved, and what to wake senders for
    once this is committed. The caller holds the coach's lock.
    """
    found = timezone_changes.roll(tx, coach, now=terms.now)
    sessions_moved: dict[str, Moved] = {}
    seats_moved: dict[str, Moved] = {}
    for moved in found:
        if moved.booking_id is None:
            sessions_moved[moved.session_id] = moved
        else:
            seats_moved[moved.booking_id] = moved
    changes: list[Change] = []
    for session_id in dict.fromkeys(moved.session_id for moved in found):
        changes += _changes(tx, session_id, sessions_moved.get(session_id), seats_moved, terms)
    return found, notices.owe_mails(tx, coach, terms, changes)


def _changes(
    tx: Connection,
    session_id: str,
    moved: Moved | None,
    seats_moved: Mapping[str, Moved],
    terms: Terms,
) -> Iterator[Change]:
    """One for each participant, and one for the coach, who has one session, whoever sits in it.
    `moved`: by the coach's clock; None: it stayed there, and is no news to them.
    """
    session = sessions.get(tx, session_id)
    told_coach = False
    for booking in bookings.of_session(tx, session.id):
        theirs = seats_moved.get(booking.id)
        if booking.status != "booked" or (moved is None and theirs is None):
            continue
        # By another zone's clock nothing may have moved: a time "before" would tell a lie there.
        before: int | None = None
        if theirs is not None:
            before = instant_of(theirs.wall)
        elif moved is not None and booking.participant.zone == moved.zone:
            before = instant_of(moved.wall)
        # The booking's version stays: by the moment each release's mail is another one, even where
        # it brings back a local time that was told before.
        told = Change("wall_moved", session, booking, before, nonce=terms.now.isoformat())
        yield replace(told, tells_coach=False)
        if moved is not None and not told_coach:
            coachs = instant_of(moved.wall)
            yield replace(told, previous_starts=coachs, tells_participant=False)
        told_coach = True
