"""One session mail: is it still wanted, which text, written, handed over; and what the mail server's answer means."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.errors import Invalid
from domain.mail_choice import Choice
from domain.mail_tokens import Held as HeldBack
from domain.mails import Mail, MailFacts
from domain.sessions import Unknown
from storage import coaches, mail_texts, outbox, relinks, seats
from workers import tracing
from workers.mailer import MailError, Unfaithful, letters, message
from workers.services import Services
from workers.turn import Dead, Later, Outcome, Sent, Skipped, Turn

HELD_RETRY_MS = 3_600_000
GIVEN_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1: the give-up time needs to be at least 4 to 5 days


def deliver(services: Services, turn: Turn) -> Outcome:
    """Raises nothing that is the mail's or the mail server's fault."""
    try:
        facts = MailFacts.of_json(turn.held.payload)
    except (Invalid, KeyError, TypeError, ValueError) as error:
        return Dead(f"its facts cannot be read ({type(error).__name__})")
    with services.database.read() as tx:
        facts = _signed(tx, facts, turn.held.coach_id)
        if facts.kind == "relink":
            facts = relinks.linked(tx, facts)
        choice = mail_texts.resolve(tx, facts)
        unwanted = _unwanted(services, tx, facts, choice)
        withheld = outbox.withheld(tx, turn.held.recipient or "")
    if unwanted is not None:
        return unwanted
    if withheld is not None:
        return Dead(f"withheld: {withheld}")
    try:
        mail = letters.write(facts, choice, sender=services.settings.sender, now=services.now())
        content = message.serialise(mail)
    except HeldBack as held:
        return _held(services, facts, held)
    except Unfaithful as error:
        return Dead(str(error))
    return _hand_over(services, turn, facts, mail, content)


def _signed(tx: Any, facts: MailFacts, coach_id: str | None) -> MailFacts:
    """A coach whose name was not known when the change was made may have one now."""
    coach = coaches.get(tx, coach_id) if coach_id and not facts.coach_name else None
    if coach is None:
        return facts
    recipient = facts.recipient
    if recipient.role == "coach" and not recipient.name:
        recipient = replace(recipient, name=coach.name)
    return replace(facts, coach_name=coach.name, recipient=recipient)


def _unwanted(services: Services, tx: Any, facts: MailFacts, choice: Choice) -> Skipped | None:
    """Why nobody needs it any more."""
    if facts.kind == "reminder":
        if facts.starts is not None and services.now().timestamp() >= facts.starts:
            return Skipped("the session it reminds of has begun", "too_late")
        if not _booked(tx, facts.booking_id):
            return Skipped("the booking it reminds of has ended")
    if facts.kind == "relink" and not relinks.wanted(tx, facts):
        return Skipped("the calendar is connected again")
    if choice == "off":
        return Skipped("switched off", "switched_off")
    return None


def _booked(tx: Any, booking_id: str) -> bool:
    try:
        return seats.get(tx, booking_id).status == "booked"
    except Unknown:
        return False


def _held(services: Services, facts: MailFacts, held: HeldBack) -> Outcome:
    """Owed until its text is corrected, which frees it at once, or until nobody can want it any more."""
    if facts.ends is not None and services.now().timestamp() >= facts.ends:
        return Dead(f"{outbox.HELD}{held}; and its session is over")
    return Later(f"{outbox.HELD}{held}", retry_in_ms=HELD_RETRY_MS)


def _hand_over(services: Services, turn: Turn, facts: MailFacts, mail: Mail, content: bytes) -> Outcome:
    if turn.late:
        return Later("this worker was held up, another one may have the mail by now", retry_in_ms=0)
    try:
        with tracing.span("SMTP send", "CLIENT"):
            services.mailer.send(content, mail.sender.email, [mail.to.email])
    except MailError as error:
        return _refused(services, turn, facts, error)
    return Sent()


def _refused(services: Services, turn: Turn, facts: MailFacts, error: MailError) -> Outcome:
    if error.permanent:
        return Dead(str(error), withhold=turn.held.recipient if error.about == "address" else None)
    # A reminder is made long before it is due: its session's start ends it.
    if facts.kind != "reminder" and services.now() - facts.changed_at > GIVEN_UP_AFTER:
        return Dead(f"given up after {GIVEN_UP_AFTER.days} days: {error}")
    return Later(str(error), unsure=error.unsure)
