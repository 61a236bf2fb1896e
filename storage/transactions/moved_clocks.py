"""New time zone rules: whose session has another local time now is mailed so, once, with the note
of it. No instant moves, and no booking changes.
"""

from collections.abc import Iterator
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
    changes: list[Change] = []
    for moved in found:
        changes += _changes(tx, moved, terms)
    return found, notices.owe_mails(tx, coach, terms, changes)


def _changes(tx: Connection, moved: Moved, terms: Terms) -> Iterator[Change]:
    """One for each participant, and one for the coach, who has one session, whoever sits in it."""
    session = sessions.get(tx, moved.session_id)
    before = instant_of(moved.wall)
    told_coach = False
    for booking in bookings.of_session(tx, session.id):
        if booking.status != "booked":
            continue
        # By another zone's clock nothing may have moved: a time "before" would tell a lie there.
        theirs: int | None = before
        if booking.participant.zone != moved.zone:
            theirs = None
        # The booking's version stays: by the moment each release's mail is another one, even where
        # it brings back a local time that was told before.
        told = Change("wall_moved", session, booking, theirs, nonce=terms.now.isoformat())
        yield replace(told, tells_coach=False)
        if not told_coach:
            yield replace(told, previous_starts=before, tells_participant=False)
        told_coach = True
