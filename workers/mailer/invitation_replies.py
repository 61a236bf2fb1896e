"""What a calendar program sends back when somebody accepts or declines an invitation: a mail with a
calendar whose method is REPLY (RFC 5546, 3.2.3).
"""

import email
import email.policy
from dataclasses import dataclass, field
from datetime import UTC, datetime

import icalendar

from domain.sessions import Answer

MEDIA = "text/calendar"
MOST_PARTS = 50
LARGEST = 2**31 - 1
"""RFC 5545, 3.8.7.4: an integer, which has 32 bits."""
MEANT: dict[str, Answer] = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
}


@dataclass(frozen=True, slots=True)
class InvitationReply:
    """`uid`, `sequence`: of the invitation that it answers; `at`: when it was given."""

    uid: str
    sequence: int
    address: str = field(repr=False)
    answer: Answer
    at: datetime


def read(raw: bytes) -> InvitationReply | None:
    """The first reply in a mail as it came in. None: there is none, or none that says a thing."""
    for calendar in _calendars(raw):
        if str(calendar.get("METHOD", "")).upper() != "REPLY":
            continue
        for event in calendar.events:
            reply = _reply(event)
            if reply is not None:
                return reply
    return None


def _calendars(raw: bytes) -> list[icalendar.Calendar]:
    found = []
    try:
        parts = list(email.message_from_bytes(raw, policy=email.policy.default).walk())
    except RecursionError:  # thousands of parts, each within the one before: nobody's reply
        return []
    for part in parts[:MOST_PARTS]:
        if part.get_content_type() != MEDIA:
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        try:
            found.append(icalendar.Calendar.from_ical(content))
        except (ValueError, KeyError, IndexError):
            continue  # damaged: another part may hold the same
    return found


def _reply(event: icalendar.Event) -> InvitationReply | None:
    uid, attendees = event.get("UID"), event.get("ATTENDEE")
    if isinstance(attendees, list):
        attendees = attendees[0]  # a reply is one person's
    if uid is None or attendees is None:
        return None
    answer = MEANT.get(str(attendees.params.get("PARTSTAT", "")).upper())
    if answer is None:
        return None
    address = str(attendees)
    if address[:7].lower() == "mailto:":
        address = address[7:]
    return InvitationReply(str(uid), _sequence(event), address.strip(), answer, _given(event))


def _sequence(event: icalendar.Event) -> int:
    """Of what is no number of ours, -1: of such an invitation we know nothing."""
    try:
        sequence = int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError):
        return -1
    if not 0 <= sequence <= LARGEST:
        return -1
    return sequence


def _given(event: icalendar.Event) -> datetime:
    """By the program's own clock; the beginning of time where it does not say."""
    try:
        at = event.decoded("DTSTAMP")
    except (KeyError, ValueError):
        at = None
    if not isinstance(at, datetime):
        return datetime.fromtimestamp(0, UTC)
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC)
    return at
