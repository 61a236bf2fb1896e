"""Session mails: what they are about (MailFacts), and compose, which makes a Mail of it.
Nothing is sent here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from typing import Any, Self, get_args

from domain.errors import one_of
from domain.hours import timezone
from domain.mail import inviting, tokens
from domain.mail.invitations import Address, Invitation
from domain.mail.kinds import COACH_ONLY, KINDS, LOGINS, TEXT_KINDS, Kind, Role
from domain.mail.safety import isolated, mail_address, many_lines, one_line, together, web_address
from domain.mail.support import Support

__all__ = ["COACH_ONLY", "KINDS", "TEXT_KINDS", "Kind", "Role"]

LANGUAGES = ("en", "de", "fr", "es", "pt-BR", "it", "nl", "ja", "ar")
"""Those with default texts. The first stands in for every other."""
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
"""Languages that are written so; a programme's own texts may be in any."""
LONGEST_SUBJECT = inviting.LONGEST_SUMMARY
"""Characters, with its names; as of what the calendar shows."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Raises Invalid for an address or a zone that is none."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    zone: str
    language: str
    """A language tag such as `de` or `en-GB`; one that nobody knows is read as English."""
    role: Role

    def __post_init__(self) -> None:
        mail_address("email", self.email)
        timezone(self.zone)
        one_of("role", self.role, get_args(Role))


@dataclass(frozen=True, slots=True)
class MailFacts:
    """Everything one mail says to one recipient, kept with the outbox row; `as_json` and `of_json`
    are the way there and back. Starts and ends in epoch seconds.
    """

    kind: Kind
    recipient: Recipient
    booking_id: str
    """What the mails of one thread have in common: a booking's id, a connection's for `relink`,
    an episode's for what happened to a session in its coach's calendar.
    """
    version: int
    """The booking's, after the change; the day for `relink`."""
    changed_at: datetime
    """When the change was made, aware: the calendar's DTSTAMP,
    the same however often the mail is tried.
    """
    coach_name: str = field(repr=False)
    participant_name: str | None = field(default=None, repr=False)
    """Whose booking it is, towards the coach.
    A participant's own mail always says the recipient's name.
    """
    starts: int | None = None
    ends: int | None = None
    previous_starts: int | None = None
    event_starts: int | None = None
    """Where its event stands now; of a conflict, what of the session is taken."""
    event_ends: int | None = None
    programme_name: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    company: str | None = None
    project: str | None = None
    cohort: str | None = None
    my_page_url: str | None = field(default=None, repr=False)
    relink_url: str | None = field(default=None, repr=False)
    changes_url: str | None = field(default=None, repr=False)
    uid: str | None = None
    sequence: int = 0
    pod: bool = False
    """Others may go on with the session when this booking ends."""
    invite: bool | None = None
    """Whether the mail carries an invitation. None: participants get one, coaches do not, because
    the session is written into their calendar by us; an invitation would be there twice and block
    as somebody else's event.
    """
    place_kind: str | None = None
    """One of `domain.places.KINDS`; None: nowhere in particular."""
    place: str | None = field(default=None, repr=False)
    """The number, address or link that says where it is; of conferencing without a link, nothing.
    """
    join_url: str | None = field(default=None, repr=False)
    """What a person opens to be there."""
    nonce: str = ""
    """Makes one more mail of the same booking another one: the click of "Send now", or the moment
    that found its local time moved.
    """

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"changed_at": self.changed_at.astimezone(UTC).isoformat()}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        changed_at = datetime.fromisoformat(stored["changed_at"])
        return cls(
            **{**stored, "recipient": Recipient(**stored["recipient"]), "changed_at": changed_at}
        )

    @property
    def text_kind(self) -> str:
        """Which text it is written with: one of TEXT_KINDS."""
        if self.recipient.role == "coach" and self.kind not in COACH_ONLY:
            return f"coach_{self.kind}"
        return self.kind

    @property
    def digest(self) -> str:
        """The left side of its Message-ID: the same
        for the same (booking, version, kind, recipient, nonce).
        """
        return _digest(self, str(self.version), self.kind, self.nonce)

    @property
    def thread_digest(self) -> str:
        """The left side of the Message-ID of the first mail of its thread."""
        # A booking's first mail is always `booked`, at version 1; an account's is that of day 0.
        if self.kind in LOGINS:
            return _digest(self, "0", self.kind, "")
        if self.kind in COACH_ONLY:
            return _digest(self, "1", self.kind.removesuffix("_cleared"), self.nonce)
        return _digest(self, "1", "booked", "")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mails are from. The organizer must never change:
    calendars take changes from nobody else.
    """

    mailbox: Address
    organizer: Address
    support: Support | None = None
    """Whom its readers can ask."""

    @property
    def domain(self) -> str:
        """The right side of every Message-ID; the organizer's, because threads live as long."""
        return self.organizer.email.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Wording:
    """A complete text with its tokens still in it; `summary` is what the calendar shows. The page
    may also ask for {{subject}}.
    """

    language: str
    subject: str
    text: str
    html: str
    summary: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as a value: one sender, one recipient. `headers` are the further ones, in order."""

    sender: Address
    to: Address
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    message_id: str
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()
    invitation: Invitation | None = None


def compose(
    facts: MailFacts, wording: Wording, times: Mapping[str, str], *, sender: Sender, now: datetime
) -> Mail:
    """The mail. `times` are the tokens that are spelt in its words: dates and times for this
    recipient, and what stands for a link that is not there yet.

    Raises UnusableTokens when the wording has a token without a value.
    """
    values = values_of(facts, wording.language) | support_of(sender) | dict(times)
    written = (one_line(wording.subject), many_lines(wording.text))
    page = many_lines(wording.html)
    tokens.check(written, values, page)
    if not written[0]:
        raise tokens.UnusableTokens(("subject",))
    subject = together(tokens.fill(written[0], values), LONGEST_SUBJECT)
    return Mail(
        sender=sender.mailbox,
        to=_address(facts.recipient),
        subject=subject,
        text=tokens.fill(written[1], values),
        html=tokens.fill(page, values | {"subject": subject}, escape),
        language=wording.language,
        message_id=_message_id(facts.digest, sender),
        date=now,
        headers=_headers(facts, sender, wording.language),
        invitation=inviting.invitation(
            facts,
            wording.summary,
            values,
            organizer=sender.organizer,
            attendee=_address(facts.recipient),
        ),
    )


def values_of(facts: MailFacts, language: str) -> dict[str, str]:
    """What the tokens stand for in a text of this language, but for what is spelt in its words.
    A participant's mail knows no name but theirs and the coach's.
    """
    turned = language.partition("-")[0] in RIGHT_TO_LEFT
    participant_name = facts.participant_name
    if facts.recipient.role == "participant":
        participant_name = facts.recipient.name
    typed = {
        "recipient_name": facts.recipient.name,
        "participant_name": participant_name,
        "coach_name": facts.coach_name,
        "programme_name": facts.programme_name,
        "title": facts.title,
    }
    place = isolated(one_line(facts.place or ""), right_to_left=turned)
    links = {
        "join_url": web_address(facts.join_url),
        "my_page_url": web_address(facts.my_page_url),
        "relink_url": web_address(facts.relink_url),
        "changes_url": web_address(facts.changes_url),
    }
    # A link whole, however long it is, and never with marks of direction in it.
    links["place"] = links["join_url"] or place
    return links | {
        name: isolated(one_line(value or ""), right_to_left=turned) for name, value in typed.items()
    }


def support_of(sender: Sender) -> dict[str, str]:
    """What stands for {{support}}, in our own texts; nothing where nobody is named."""
    if sender.support is None:
        return {}
    return {"support": sender.support.shown}


def _address(recipient: Recipient) -> Address:
    return Address(one_line(recipient.name), mail_address("email", recipient.email))


def _headers(facts: MailFacts, sender: Sender, language: str) -> tuple[tuple[str, str], ...]:
    headers = [
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: nobody's absence note answers it
        ("X-Auto-Response-Suppress", "All"),  # the same for Exchange
        ("Content-Language", language),
    ]
    if facts.digest != facts.thread_digest:
        first = _message_id(facts.thread_digest, sender)
        headers += [("In-Reply-To", first), ("References", first)]
    return tuple(headers)


def _digest(facts: MailFacts, *parts: str) -> str:
    # No part can hold a NUL, so two lists of parts never make the same text.
    address = mail_address("email", facts.recipient.email)
    identity = "\0".join((facts.booking_id, address, *parts))
    return sha256(identity.encode()).hexdigest()[:32]


def _message_id(digest: str, sender: Sender) -> str:
    return f"<{digest}@{sender.domain}>"
