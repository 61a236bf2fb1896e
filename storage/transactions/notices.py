"""What a change owes the world, written with it: a mail to each person concerned, the coach's
calendar, and word of it to the platform.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from domain import events
from domain.coaches import Coach
from domain.events import Event
from domain.mail.safety import mail_address
from domain.notices import Change, Contact, Notice, notices
from domain.sessions import Session, Terms
from storage.rows import connections, feed, outbox
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import Wake
from storage.transactions import callbacks


def owe(
    tx: Connection,
    coach: Coach,
    terms: Terms,
    changes: Sequence[Change] = (),
    moved: Iterable[Session] = (),
) -> list[Wake]:
    """Write the mails and callbacks of these changes, and a calendar row for each session that is
    to appear, move or vanish.

    Answers what to wake senders for once this is committed.
    """
    owed = [*_mails(changes, contact(tx, coach), terms)]
    for session in moved:
        row = _calendar(session, terms)
        owed.append(row)
    told = _news(changes, terms)
    event_ids = feed.add(tx, told)
    if terms.callbacks:
        owed.extend(map(callbacks.of_booking, told, event_ids))
    return outbox.add(tx, owed, now=terms.now)


def owe_mails(tx: Connection, coach: Coach, terms: Terms, changes: Sequence[Change]) -> list[Wake]:
    """Write the mails of what changed no booking, and nothing else."""
    return outbox.add(tx, [*_mails(changes, contact(tx, coach), terms)], now=terms.now)


def _mails(changes: Sequence[Change], coach: Contact, terms: Terms) -> Iterator[Owed]:
    for change in changes:
        for notice in notices(change, coach, terms):
            yield mail(notice, change.session.coach_id, change.session.id)


def _news(changes: Sequence[Change], terms: Terms) -> list[Event]:
    """What the platform is told of these."""
    told = []
    for change in changes:
        # What is news to the coach alone (a seat moved to another's pod)
        # is no other news of the booking.
        if change.tells_participant:
            event = events.booking(change, terms.now)
            told.append(event)
    return told


def contact(tx: Connection, coach: Coach) -> Contact:
    """The coach, as mails address them."""
    return Contact(
        coach_id=coach.id,
        name=coach.name,
        email=coach.email,
        zone=coach.hours.zone,
        language=coach.language,
        written_to=connections.take_events(tx, coach.id),
    )


def mail(notice: Notice, coach_id: str, session_id: str | None) -> Owed:
    facts = notice.facts
    return Owed(
        kind="mail",
        topic=facts.kind,
        dedupe_key=f"mail:{facts.digest}",
        version=facts.version,
        due_at=notice.due_at,
        payload=facts.as_json(),
        coach_id=coach_id,
        session_id=session_id,
        booking_id=facts.booking_id,
        # As mails have it, not as it was typed: the queue of its mails is known by it.
        recipient=mail_address("email", facts.recipient.email),
        message_id=facts.digest,
    )


def _calendar(session: Session, terms: Terms) -> Owed:
    """It says that the calendar has to be brought up to date, not with what:
    that is the session as it is then.
    """
    topic = "upsert"
    if not session.active:
        topic = "delete"
    return Owed(
        kind="calendar",
        topic=topic,
        dedupe_key=f"calendar:{session.id}:{session.version}",
        version=session.version,
        due_at=terms.now,
        coach_id=session.coach_id,
        session_id=session.id,
    )
