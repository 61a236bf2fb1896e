"""One session mail: is it still wanted, which text, written, handed over;
and what the mail server's answer means.
"""

from dataclasses import replace
from datetime import timedelta

from domain.errors import Invalid
from domain.mail import Mail, MailFacts
from domain.mail.choice import Choice
from domain.mail.endings import REQUESTS
from domain.mail.kinds import LOGINS
from domain.mail.safety import without_addresses
from domain.mail.tokens import UnusableTokens as HeldBack
from domain.sessions import Unknown
from storage.rows import bookings, brands, coaches, mail_texts, withheld_addresses
from storage.rows.outbox import Trouble
from storage.schema.database import Tx
from storage.transactions import calendar_mails, conferencing, relink_mails, target_calendars
from workers import tracing
from workers.delivery import page_links
from workers.delivery.delivery import (
    Dead,
    Later,
    NoMailbox,
    Outcome,
    Sent,
    Skipped,
    Turn,
    WaitsForText,
    given_up,
)
from workers.mailer import MailError, Unfaithful, letters, message
from workers.services import Services

# A correction of its text frees a mail at once: this is for a text that was mended by other means.
WAITING_RETRY_MS = 3_600_000
OTHER_RELEASE_MS = 300_000
# For a turn at the mail server: whoever waits for one holds a thread as well.
PATIENCE_SECONDS = 0.25
BUSY_RETRY_MS = 2_000
# RFC 5321, 4.5.4.1: the give-up time needs to be at least 4 to 5 days.
GIVEN_UP_AFTER = timedelta(days=5)
OF_WHAT_COMES = ("reminder", "wall_moved")
"""Nobody needs them any more once the session has begun, or its booking has ended."""
OF_ONE_VERSION = (*OF_WHAT_COMES, "missed")
"""Nor these once the booking has changed: they say how it was."""


def deliver(services: Services, turn: Turn) -> Outcome:
    """Raises nothing that is the mail's or the mail server's fault."""
    # During an upgrade both releases take rows: what a newer one wrote is left for it to send.
    try:
        facts = MailFacts.of_json(turn.held.payload)
    except TypeError as error:
        return Later(f"its facts are of another release ({error})", retry_in_ms=OTHER_RELEASE_MS)
    except (Invalid, KeyError, ValueError) as error:
        return Dead(f"its facts cannot be read ({type(error).__name__})")
    with services.database.read() as tx:
        facts = _as_of_today(tx, facts, turn)
        choice = mail_texts.resolve(tx, facts)
        brand = brands.of_company(tx, facts.company).over(services.settings.brand)
        unwanted = _unwanted(services, tx, turn, facts, choice)
        nobody_there = withheld_addresses.reason(tx, turn.held.recipient or "")
        accepts = _accepts(tx, facts, turn)
    if unwanted is not None:
        return unwanted
    if nobody_there is not None:
        return NoMailbox(nobody_there)
    facts = _led(services, turn, facts)
    try:
        sender, now = services.settings.sender, services.now()
        mail = letters.write(facts, choice, sender=sender, now=now, brand=brand, accepts=accepts)
        content = message.serialise(mail)
    except HeldBack as error:
        return _waits_for_text(services, facts, error)
    except Unfaithful as error:
        return Dead(str(error))
    # After it was written: a text that cannot be is told, even when its mail comes too late.
    if facts.kind in REQUESTS and _over(services, facts):
        return Skipped("its session is over", "too_late")
    return _hand_over(services, turn, facts, mail, content)


def _as_of_today(tx: Tx, facts: MailFacts, turn: Turn) -> MailFacts:
    """With what is looked up when the mail leaves: names, and the provider's own link."""
    facts = _signed(tx, facts, turn.held.coach_id)
    facts = conferencing.linked(tx, facts, turn.held.session_id)
    if facts.kind in LOGINS:
        return relink_mails.linked(tx, facts)
    if facts.kind in calendar_mails.OWN:
        return calendar_mails.named(tx, facts, turn.held.session_id)
    return facts


def _led(services: Services, turn: Turn, facts: MailFacts) -> MailFacts:
    """With the link to where it is settled."""
    coach_id = turn.held.coach_id
    if coach_id is None:
        return facts
    if facts.kind in calendar_mails.LEADS:
        return page_links.linked(services, facts, coach_id)
    if facts.kind == relink_mails.SERVICE.kind:
        return page_links.connecting(services, facts, coach_id)
    return facts


def _signed(tx: Tx, facts: MailFacts, coach_id: str | None) -> MailFacts:
    """A coach whose name was not known when the change was made may have one now."""
    if facts.coach_name or not coach_id:
        return facts
    coach = coaches.get(tx, coach_id)
    if coach is None:
        return facts
    recipient = facts.recipient
    if recipient.role == "coach" and not recipient.name:
        recipient = replace(recipient, name=coach.name)
    return replace(facts, coach_name=coach.name, recipient=recipient)


def _accepts(tx: Tx, facts: MailFacts, turn: Turn) -> bool:
    """Whether its reader is a coach whose calendar gets this session as an invitation. A group's is
    sent when the group is planned, and says nothing of its seats.
    """
    asks = facts.recipient.role == "coach" and facts.kind in REQUESTS and not facts.pod
    held = turn.held
    # Where our own mail carries the invitation, that is the only one.
    if not asks or facts.invite or held.coach_id is None or held.session_id is None:
        return False
    return target_calendars.by_invitation(tx, held.coach_id, held.session_id)


def _unwanted(
    services: Services, tx: Tx, turn: Turn, facts: MailFacts, choice: Choice
) -> Skipped | None:
    """Why nobody needs it any more."""
    if facts.kind in OF_WHAT_COMES:
        if facts.starts is not None and services.now().timestamp() >= facts.starts:
            return Skipped("the session it reminds of has begun", "too_late")
        if not _booked(tx, facts.booking_id):
            return Skipped("the booking it reminds of has ended")
    if facts.kind in OF_ONE_VERSION and _has_changed(tx, facts):
        return Skipped("the booking has changed since")
    if facts.kind in LOGINS and not relink_mails.wanted(tx, facts):
        return Skipped("it is connected again")
    if facts.kind in calendar_mails.OWN:
        untrue = calendar_mails.untrue(tx, facts, turn.held.session_id, now=services.now())
        if untrue is not None:
            return Skipped(*untrue)
    if choice == "off":
        return Skipped("switched off", "switched_off")
    return None


def _booked(tx: Tx, booking_id: str) -> bool:
    try:
        return bookings.get(tx, booking_id).status == "booked"
    except Unknown:
        return False


def _has_changed(tx: Tx, facts: MailFacts) -> bool:
    """Since this mail was owed. Its own queue need not tell: its coach may have another address by
    now, and of an absence that was corrected nobody is mailed.
    """
    try:
        return bookings.get(tx, facts.booking_id).version > facts.version
    except Unknown:
        return False


def _over(services: Services, facts: MailFacts) -> bool:
    return facts.ends is not None and services.now().timestamp() >= facts.ends


def _waits_for_text(services: Services, facts: MailFacts, error: HeldBack) -> Outcome:
    """Owed until its text is corrected, or until nobody can want it any more."""
    if _over(services, facts):
        return Dead(f"{error}; and its session is over")
    return WaitsForText(str(error), retry_in_ms=WAITING_RETRY_MS)


def _hand_over(
    services: Services, turn: Turn, facts: MailFacts, mail: Mail, content: bytes
) -> Outcome:
    # The race: a mail server hangs, one thread after the other waits for it by a whole mail's
    # limit, and soon none is left to read pushes. Without a turn a mail goes back into its row.
    if not services.mail_turns.acquire(timeout=PATIENCE_SECONDS):
        busy = "the mail server has not answered earlier ones yet"
        return Later(busy, retry_in_ms=BUSY_RETRY_MS, tried=False)
    try:
        return _send(services, turn, facts, mail, content)
    finally:
        services.mail_turns.release()


def _send(services: Services, turn: Turn, facts: MailFacts, mail: Mail, content: bytes) -> Outcome:
    if turn.late:
        return Later("this worker was held up, another one may have the mail by now", retry_in_ms=0)
    # One recipient a message: a refusal then is of this person's address, and of nobody else's.
    try:
        with tracing.span("SMTP send", "CLIENT"):
            sender, recipients = mail.sender.email, [mail.to.email]
            services.mailer.send(content, sender, recipients, until=turn.until)
    except MailError as error:
        return _refused(services, turn, facts, error)
    # From here until the outcome is committed lies the one moment after which nobody can know
    # whether the mail was taken. One that is repeated carries the same Message-ID, UID and
    # SEQUENCE, and is counted.
    return Sent()


def _refused(services: Services, turn: Turn, facts: MailFacts, error: MailError) -> Outcome:
    if error.no_mailbox:
        return NoMailbox(str(error), without_addresses(error.reply, *facts.recipient.name.split()))
    if error.permanent:
        return Dead(str(error))
    # One that was withheld is owed anew since its release.
    age = services.corrected_now() - max(facts.changed_at, turn.held.due_at)
    long = given_up(turn, age, after=GIVEN_UP_AFTER)
    # A wrong password or a blocked sender is the operator's to mend, and no mail's own end.
    if error.about == "server":
        return _trouble(services, facts, error, long=long)
    # A reminder is made long before it is due: its session's start ends it.
    if facts.kind != "reminder" and long:
        return Dead(f"given up after {GIVEN_UP_AFTER.days} days: {error}")
    return Later(str(error), unsure=error.unsure)


def _trouble(services: Services, facts: MailFacts, error: MailError, *, long: bool) -> Outcome:
    """One alert tells of it (CoachcalMailerTrouble). No mail is a dead letter for that: it waits
    for as long as what it says may be of use, and ends by itself.
    """
    if long and (facts.ends is None or _over(services, facts)):
        return Skipped(f"too late after {GIVEN_UP_AFTER.days} days: {error}", "too_late")
    # 421 is what a server says that shuts down: it is away rather than against us (RFC 5321, 3.8).
    # From one that takes others it is a reason of this mail's own: brought forward, the mail would
    # be tried again with each that is taken, and keep others from being brought forward.
    trouble: Trouble = "away"
    takes_others = services.waiting.takes_mail(services.corrected_now())
    if error.code.isdecimal() and (error.code != "421" or takes_others):
        trouble = "refused"
    return Later(str(error), unsure=error.unsure, trouble=trouble)
