"""Who is told of a change, and by when of what: from a change to the facts of its mails.
Nothing is written here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.conferencing import awaits_link
from domain.mail import Kind, MailFacts, Recipient
from domain.mail.endings import REQUESTS
from domain.sessions import Booking, Session, Terms

LINK_CAME: Kind = "place_changed"
"""The mail to whoever had their first one without the link."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A coach as mails address them. `email` None: nothing is mailed to them."""

    coach_id: str
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    zone: str
    language: str
    written_to: bool
    """Whether sessions are written into a calendar of theirs;
    otherwise their mails carry an invitation.
    """


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one booking: both are as they are afterwards. `tells_coach`: this change is
    news to the coach; of a pod that moves with all its seats the first one tells it.
    `tells_participant`: it is news to them. `nonce`: see MailFacts.
    """

    kind: Kind
    session: Session
    booking: Booking
    previous_starts: int | None = None
    tells_coach: bool = True
    tells_participant: bool = True
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail that is owed, from `due_at` on."""

    facts: MailFacts
    due_at: datetime


def notices(change: Change, coach: Contact, terms: Terms) -> Iterator[Notice]:
    """The mails that a change owes: one to each person concerned,
    and the reminders of a time that is new.
    """
    due = terms.now
    # A first mail that waits for some seconds often says the link, and is the only one then.
    if coach.written_to and awaits_link(change.session) and change.kind in REQUESTS:
        due += terms.link_wait
    # Each reader gets a mail of their own: nobody's address stands in another's.
    erased = change.booking.participant.is_erased
    if change.tells_participant and not erased:
        participant = _participant(change.booking)
        facts = _facts(change, change.kind, coach, participant, terms.now, nonce=change.nonce)
        yield Notice(facts, due)
    if coach.email is not None and change.tells_coach:
        recipient = _coach(coach, coach.email)
        facts = _facts(change, change.kind, coach, recipient, terms.now, nonce=change.nonce)
        yield Notice(facts, due)
    if change.kind in REQUESTS:
        yield from _reminders(change, coach, terms)


def _reminders(change: Change, coach: Contact, terms: Terms) -> Iterator[Notice]:
    """None for a session so near that the reminder would come with the confirmation.
    A coach is reminded of 1:1s.
    """
    due = datetime.fromtimestamp(change.session.starts, UTC) - terms.reminder(change.session)
    if due <= terms.now:
        return
    if not change.booking.participant.is_erased:
        participant = _participant(change.booking)
        yield Notice(_facts(change, "reminder", coach, participant, terms.now), due)
    # A coach has one pod and many seats in it: a reminder for each would be many of one session.
    if coach.email is not None and not change.session.pod:
        yield Notice(_facts(change, "reminder", coach, _coach(coach, coach.email), terms.now), due)


def fitting(session: Session, booking: Booking, now: datetime) -> tuple[Kind, ...]:
    """The kinds of mail to a participant that are true of a booking as it is now."""
    if booking.participant.is_erased:
        return ()
    if booking.status == "cancelled":
        # A pod goes on without whoever left it; a 1:1 session ends with its only seat.
        if session.pod and session.active:
            return ("seat_left",)
        return ("cancelled",)
    if booking.status == "missed":
        return ("missed",)
    if booking.status == "completed" or session.begun(now):
        return ()
    if booking.version == 1:
        return ("booked", "reminder")
    if session.place is not None:
        return ("booked", "rebooked", "place_changed", "reminder")
    return ("booked", "rebooked", "reminder")


def facts_now(
    kind: Kind, session: Session, booking: Booking, coach: Contact, terms: Terms, *, nonce: str
) -> MailFacts:
    """The facts of a mail that somebody asks for by "Send now":
    to the participant, about the booking as it is.
    """
    change = Change(kind, session, booking)
    return _facts(change, kind, coach, _participant(booking), terms.now, nonce=nonce)


def facts_of_link(session: Session, booking: Booking, coach: Contact, now: datetime) -> MailFacts:
    """The facts of a mail that brings the link of the session: to the participant, about the
    booking as it was but for its sequence.
    """
    change, kind = Change(LINK_CAME, session, booking), LINK_CAME
    nonce = f"link {booking.sequence}"
    return _facts(change, kind, coach, _participant(booking), now, nonce=nonce)


def _facts(
    change: Change,
    kind: Kind,
    coach: Contact,
    recipient: Recipient,
    now: datetime,
    *,
    nonce: str = "",
) -> MailFacts:
    session, booking = change.session, change.booking
    context = booking.context
    # Each reader is told of the other, and only the participant has a page of their own.
    participant_name, my_page_url = None, None
    if recipient.role == "coach":
        participant_name = booking.participant.name
    else:
        my_page_url = booking.participant.my_page_url
    place_kind = None
    if session.place is not None:
        place_kind = session.place.kind
    return MailFacts(
        kind=kind,
        recipient=recipient,
        booking_id=booking.id,
        version=booking.version,
        changed_at=now,
        coach_name=coach.name,
        participant_name=participant_name,
        starts=session.starts,
        ends=session.ends,
        previous_starts=change.previous_starts,
        programme_name=context.programme_name or session.context.programme_name,
        title=session.title,
        company=context.company or session.context.company,
        project=context.project or session.context.project,
        cohort=context.cohort or session.context.cohort,
        my_page_url=my_page_url,
        place_kind=place_kind,
        place=session.where or None,
        join_url=session.join_link,
        uid=booking.uid,
        sequence=booking.sequence,
        pod=session.pod,
        invite=_invite(coach, recipient),
        nonce=nonce,
    )


def _invite(coach: Contact, recipient: Recipient) -> bool | None:
    """Said outright only for a coach into whose calendar nothing is written: see MailFacts."""
    if coach.written_to or recipient.role == "participant":
        return None
    return True


def _participant(booking: Booking) -> Recipient:
    who = booking.participant
    return Recipient(who.name, who.email, who.zone, who.language, "participant")


def _coach(coach: Contact, email: str) -> Recipient:
    return Recipient(coach.name, email, coach.zone, coach.language, "coach")
