"""The events that we write into a coach's calendar, and how they read when they are there.

Quirks: calendar and our id are the key, so writing twice is writing once; the answer to a write
(202) says accepted, not done; a deletion of what is not there is accepted too; texts longer than
documented are refused whole; one that is deleted may be listed, and then need not say when it was.
Source: docs.cronofy.com, Create or update an event, Read events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.conferencing import Conferencing
from domain.event_differences import Attendees
from domain.places import usable_link
from domain.sessions import Answer
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import stamps
from workers.cronofy.wire.fields import flag, identifier, text
from workers.cronofy.wire.freebusy import FreeBusyPage, Item

LONGEST_SUMMARY, LONGEST_DESCRIPTION = 1024, 4096
MOST_ATTENDEES = 200
ANSWERS: dict[str, Answer] = {
    "accepted": "accepted",
    "declined": "declined",
    "tentative": "tentative",
}
"""Whatever else an attendee's status is, it is no answer."""


@dataclass(frozen=True, slots=True)
class ManagedEvent:
    """One to write. `id` is ours; start and end are UTC epoch seconds, shown in `zone` (IANA)."""

    id: str
    summary: str = field(repr=False)
    description: str = field(repr=False)
    start: int
    end: int
    zone: str
    location: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    conferencing: Conferencing | None = None
    clears: bool = field(default=False, compare=False)
    """Another place may stand there: what this one has not is emptied."""


@dataclass(frozen=True, slots=True)
class Written:
    """One of ours as it stands in a calendar; UTC epoch seconds."""

    id: str
    calendar_id: str
    start: int
    end: int
    summary: str = field(default="", compare=False, repr=False)
    join_url: str | None = field(default=None, compare=False, repr=False)
    """The link that was assigned to it."""
    uid: str = field(default="", compare=False)
    """Cronofy's own name of it, which one that is written anew has not."""
    declined: bool = field(default=False, compare=False)
    """By the account's owner; or it is cancelled."""
    all_day: bool = field(default=False, compare=False)
    """Its times are midnights as if its zone were UTC."""
    attendees: Attendees = field(default=(), compare=False, repr=False)
    """Whom the coach added."""

    def is_at(self, calendar_id: str, event_id: str) -> bool:
        return (self.calendar_id, self.id) == (calendar_id, event_id)

    def shows(self, event: ManagedEvent) -> bool:
        """Whether this is what was written, its text included."""
        written = (self.id, self.start, self.end, self.summary)
        return written == (event.id, event.start, event.end, event.summary[:LONGEST_SUMMARY])


def read_events(pages: Iterable[FreeBusyPage]) -> tuple[Written, ...]:
    """Our own events on all these pages, those that stand. Raises BadAnswer."""
    return tuple(_written(item) for page in pages for item in page.items if _is_ours(item))


def _is_ours(item: Item) -> bool:
    if not isinstance(item, dict):
        raise BadAnswer("an event from Cronofy is no object; read again later")
    if flag(item, "deleted", default=False):
        return False
    # `event_id` is our own key, which events of anybody else's lack.
    return item.get("event_id") is not None


def _written(item: Item) -> Written:
    start, end = text(item, "start"), text(item, "end")
    try:
        parsed = stamps.parse([start or "", end or ""])
    except ValueError:
        parsed = None  # reported below, outside: the exception is about their text
    if parsed is None:
        raise BadAnswer("an event of ours comes back from Cronofy without a time; read again later")
    moments = parsed.seconds.tolist()
    # Providers may leave a text out, or hide it: a private event has none.
    summary = item.get("summary")
    if not isinstance(summary, str):
        summary = ""
    return Written(
        identifier(item, "event_id"),
        identifier(item, "calendar_id"),
        moments[0],
        moments[1],
        summary,
        uid=text(item, "event_uid") or "",
        declined=_is_declined(item),
        all_day=bool(parsed.is_date.any()),
        join_url=_join_url(item),
        attendees=_attendees(item),
    )


def _is_declined(item: Item) -> bool:
    # Words that nobody knows yet, and none at all, decline nothing.
    cancelled = "cancelled" in (item.get("status"), item.get("event_status"))
    return cancelled or item.get("participation_status") == "declined"


def _attendees(item: Item) -> Attendees:
    """Who is no person with an address is left out: no read fails for them."""
    listed = item.get("attendees")
    if not isinstance(listed, list):
        return ()
    found = []
    for each in listed[:MOST_ATTENDEES]:
        if isinstance(each, dict) and isinstance(each.get("email"), str):
            found.append((each["email"], ANSWERS.get(str(each.get("status")))))
    return tuple(found)


def _join_url(item: Item) -> str | None:
    """What is no link that people may be sent is none: no read fails for it."""
    conferencing, link = item.get("conferencing"), item.get("meeting_url")
    if isinstance(conferencing, dict):
        link = conferencing.get("join_url") or link
    if not isinstance(link, str):
        return None
    return usable_link(link)
