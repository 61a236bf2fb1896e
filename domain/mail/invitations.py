"""What a mail says to the recipient's calendar: iTIP (RFC 5546) over iCalendar (RFC 5545), as a
value.

One booking is one event with one UID for life (RFC 5545 3.8.4.7), known to one attendee: the
recipient. Whoever else is in a pod has a booking, a UID and an event of their own, so nobody's
address can be in another's calendar. SEQUENCE is 0 in the first request and grows by one with each
rebooking and with the cancellation (RFC 5546 2.1.4). The organizer is one address for life: a
calendar program ignores a change that comes from another (RFC 5546 2.1.5). Times are UTC (RFC 5545
3.3.5, form 2): a session is one instant, seen in each viewer's own zone, and it does not move when
a country changes its rules. A VTIMEZONE would freeze those rules into the calendar, and is only
needed for what recurs.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.mail.endings import REQUESTS

_DIALLED = re.compile(r"\+[\d ().-]*\d[\d ().-]*", re.ASCII)
Method = Literal["REQUEST", "CANCEL"]
Status = Literal["CONFIRMED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `email` as `domain.mail.safety.mail_address` made it,
    `name` in one line or empty.
    """

    name: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Conference:
    """How to take part from afar (RFC 7986, 5.11): `features` are some of its FEATURE words."""

    uri: str = field(repr=False)
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invitation:
    """One VEVENT and the method it is sent with. Instants are aware UTC."""

    method: Method
    status: Status | None
    uid: str
    sequence: int
    dtstamp: datetime
    organizer: Address
    attendee: Address
    starts: datetime
    ends: datetime
    summary: str = field(repr=False)
    description: str = field(repr=False)
    url: str = field(repr=False)
    location: str = field(default="", repr=False)
    conference: Conference | None = None


def dialled(number: str) -> Conference | None:
    """A number that any phone dials (RFC 3966): it begins with +, and says nothing else. None for
    any other.
    """
    if not _DIALLED.fullmatch(number):
        return None
    return Conference(f"tel:{re.sub('[^+0-9]', '', number)}", ("PHONE",))


def method_of(kind: str, *, before_start: bool) -> Method | None:
    """What a kind of mail asks of the calendar; None when it leaves it alone.

    A session missed because its cancellation came late is cancelled all the same: it does not take
    place. A no-show, marked afterwards, stays in the calendar as it was.
    """
    if kind in REQUESTS:
        # RFC 5546 3.2.2: a new event, and with a greater SEQUENCE the same event, moved or held
        # elsewhere
        return "REQUEST"
    if kind in ("cancelled", "seat_left"):
        return "CANCEL"
    if kind == "missed" and before_start:
        return "CANCEL"
    return None


def status_of(method: Method, *, goes_on: bool) -> Status | None:
    """RFC 5546 3.2.5: CANCELLED cancels the whole event;
    it must be absent when only this attendee is taken out.
    """
    if method == "REQUEST":
        return "CONFIRMED"
    if goes_on:
        return None
    return "CANCELLED"
