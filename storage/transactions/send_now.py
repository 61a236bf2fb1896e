"""The mails of one booking, for people who look after it:
one more of them, at once ("Send now").
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from domain.mail import Kind, MailFacts
from domain.notices import Notice, facts_now, fitting
from domain.sessions import Booking, Refused, Session, Terms
from storage.rows import bookings, coaches, outbox, sessions
from storage.rows.outbox_claims import Wake
from storage.transactions import notices


@dataclass(frozen=True, slots=True)
class Sending:
    """A mail's outbox row, its state, and what to wake senders for once this is committed."""

    id: str
    state: str
    wake: list[Wake]


def send_now(tx: Connection, booking_id: str, kind: Kind, nonce: str, terms: Terms) -> Sending:
    """Mail the participant once more, about the booking as it is; one mail for one nonce, however
    often it is asked.

    No lock is taken: should the booking change meanwhile, the change's own mail makes this one
    superfluous. Raises Unknown, and Refused for a kind that does not fit.
    """
    booking = bookings.get(tx, booking_id)
    session = sessions.get(tx, booking.session_id)
    fits = fitting(session, booking, terms.now)
    if kind not in fits:
        raise _not_fitting(session, booking, fits, terms)
    coach = coaches.get(tx, session.coach_id)
    assert coach is not None  # noqa: S101 (a session goes with its coach)
    facts = facts_now(kind, session, booking, notices.contact(tx, coach), terms, nonce=nonce)
    facts = replace(facts, previous_starts=_previous(tx, booking, kind))
    owed = notices.mail(Notice(facts, terms.now), coach.id, session.id)
    # The same click twice is the same digest: the second adds nothing, and finds the first's row.
    wake = outbox.add(tx, [owed], now=terms.now)
    return _sending(tx, facts, wake)


def _not_fitting(
    session: Session, booking: Booking, fits: tuple[Kind, ...], terms: Terms
) -> Refused:
    step = "there is nothing to send about it any more"
    if fits:
        step = f"send one of {', '.join(fits)}"
    begun = ""
    if session.begun(terms.now):
        begun = " and has begun"
    detail = f"This booking is {booking.status}{begun}, at version {booking.version}: {step}."
    return Refused("mail_not_fitting", detail, fitting=fits)


def _previous(tx: Connection, booking: Booking, kind: Kind) -> int | None:
    """Where the session was before: only the mails of its rebooking remember."""
    if kind != "rebooked":
        return None
    for each in outbox.of_booking(tx, booking.id):
        if each.topic == "rebooked" and each.version == booking.version:
            starts: int | None = each.payload.get("previous_starts")
            return starts
    return None


def _sending(tx: Connection, facts: MailFacts, wake: list[Wake]) -> Sending:
    mine = next(
        each for each in outbox.of_booking(tx, facts.booking_id) if each.message_id == facts.digest
    )
    return Sending(mine.id, mine.state, wake)
