"""Sessions as a calendar file (RFC 5545): one to keep, or a feed that programs read again."""

from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, Event, vDatetime, vText

from domain.mail.safety import one_line
from storage.reports.feeds import Entry
from webhooks.http.translations import say

PRODUCT = "-//coachcal//sessions//EN"
MEDIA = "text/calendar"
AGAIN = "PT15M"
"""How often a program had better read a feed (RFC 7986, 5.7). Some read once a day all the same."""


def written(entries: Iterable[Entry], language: str, *, feed: bool = False) -> bytes:
    """One VCALENDAR in UTF-8. By its UID a program knows a session again."""
    whole = Calendar()
    for name, value in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        whole.add(name, value)
    if feed:
        whole.add("REFRESH-INTERVAL", vText(AGAIN), parameters={"VALUE": "DURATION"})
        whole["X-PUBLISHED-TTL"] = vText(AGAIN)  # Outlook's name for the same
    for entry in entries:
        whole.add_component(_event(entry, language))
    content: bytes = whole.to_ical(sorted=False)
    return content


def title_of(entry: Entry, language: str) -> str:
    """In one line: the library writes VT, NEL and U+2028 as they are, at which other programs
    break lines, and what stands behind would be a property of its own.
    """
    title, coach_name = one_line(entry.title or ""), one_line(entry.coach_name)
    if title:
        return title
    if coach_name:
        return say(language, "book_event", coach=coach_name)
    return say(language, "book_event_plain")


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _event(entry: Entry, language: str) -> Event:
    event = Event()
    event.add("UID", entry.uid)
    event.add("SEQUENCE", entry.sequence)
    moments = (
        ("DTSTAMP", entry.changed_at),
        ("DTSTART", instant(entry.starts)),
        ("DTEND", instant(entry.ends)),
    )
    for name, moment in moments:
        event[name] = vDatetime(moment)
    for name, text in (("SUMMARY", title_of(entry, language)), ("LOCATION", entry.where)):
        if text:
            # The library takes a backslash and an N for a line break, also in a person's name.
            event[name] = vText(text.replace("\\", "/"))
    return event
