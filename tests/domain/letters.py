"""One mail's facts and wording, for the tests of mails: Grace has booked Ada."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from domain import mail
from domain.mail import Mail, MailFacts, Recipient, Sender, Wording
from domain.mail.invitations import Address

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
GRACE = Recipient("Grace Hopper", "grace@example.com", "Europe/Berlin", "en-GB", "participant")
ADA = Recipient("Ada Lovelace", "ada@example.com", "Europe/London", "en-GB", "coach")
SENDER = Sender(
    Address("Coaching", "mail@coaching.example"), Address("Coaching", "sessions@coaching.example")
)
WORDING = Wording(
    "en",
    "About {{coach_name}}",
    "Hello {{participant_name}}",
    "<p>{{coach_name}}</p>",
    "Session with {{coach_name}}",
)
STARTS = int(datetime(2026, 6, 2, 10, tzinfo=UTC).timestamp())
FACTS = MailFacts(
    kind="booked",
    recipient=GRACE,
    booking_id="bkg_1",
    version=1,
    changed_at=NOW,
    coach_name="Ada Lovelace",
    participant_name="Grace Hopper",
    starts=STARTS,
    ends=STARTS + 3600,
    programme_name="New Leaders",
    my_page_url="https://example.com/me?a=1&b=2",
    uid="uid-1@example.com",
)

# What people are called, by the people who test us: headers, lines, words, tags, tokens and
# directions in a name.
NASTY = (
    "Grace\r\nBcc: eve@example.com",
    "Grace\nATTENDEE:mailto:eve@example.com",
    "Grace\x0bx\x0cy\x1cz\x85w\u2028v\u2029u",
    "=?utf-8?q?Grace=0d=0aBcc:_eve=40example.com?=",
    "=?utf-8?b?R3JhY2UNCkJjYzogZXZlQGV4YW1wbGUuY29t?= and more",
    "Hopper, Grace",
    'Grace "Amazing" Hopper',
    "Grace <eve@example.com>, eve@example.com",
    "(Grace) [Hopper]; x:y\\",
    "C:\\New\\Table",
    "😀👩🏽‍💻 Grace 🇩🇪",
    "G" * 300,
    "é, " * 100,
    "שלום, גרייס",
    "\u202eGrace",
    "<script>alert(1)</script>",
    "{{7*7}} {{my_page_url}} {% x %}",
    "' onmouseover='alert(1)",
    "^Grace^n'",
    "Grace\ud800",
    "\ufeffGrace\u200b",
)


def composed(wording: Wording = WORDING, **changes: Any) -> Mail:
    return mail.compose(replace(FACTS, **changes), wording, {}, sender=SENDER, now=NOW)


def named(name: str) -> MailFacts:
    """The same name wherever a person may type one."""
    recipient = replace(GRACE, name=name)
    return replace(FACTS, recipient=recipient, coach_name=name, programme_name=name, title=name)
