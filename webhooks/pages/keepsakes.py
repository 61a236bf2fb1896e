"""A booked session for one's own calendar: a file for any program, and links that fill in a new
event elsewhere.
"""

from datetime import UTC, datetime
from urllib.parse import urlencode

from icalendar import Calendar, Event, vDatetime, vText

from domain.sessions import Booking, Session
from webhooks.http.page_sessions import language
from webhooks.http.translations import say

PRODUCT = "-//coachcal//sessions//EN"
BASIC = "%Y%m%dT%H%M%SZ"


def file(booking: Booking, session: Session, coach_name: str) -> bytes:
    """One event (RFC 5545), by the name that the mails give it: whoever has both has one event, and
    not two.
    """
    event = Event()
    event.add("UID", booking.uid)
    event.add("SEQUENCE", booking.sequence)
    moments = (
        ("DTSTAMP", booking.changed_at),
        ("DTSTART", _at(session.starts)),
        ("DTEND", _at(session.ends)),
    )
    for name, moment in moments:
        event[name] = vDatetime(moment)
    event["SUMMARY"] = vText(_title(session, coach_name).replace("\\", "/"))
    if session.where:
        event["LOCATION"] = vText(session.where.replace("\\", "/"))
    whole = Calendar()
    for name, value in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        whole.add(name, value)
    whole.add_component(event)
    written: bytes = whole.to_ical(sorted=False)
    return written


def links(session: Session, coach_name: str) -> dict[str, str]:
    """By what people call the calendar."""
    title = _title(session, coach_name)
    starts, ends = _at(session.starts), _at(session.ends)
    first, last = starts.strftime(BASIC), ends.strftime(BASIC)
    google = {"action": "TEMPLATE", "text": title, "dates": f"{first}/{last}"}
    outlook = {"rru": "addevent", "subject": title, "startdt": f"{starts:%Y-%m-%dT%H:%M:%SZ}"}
    outlook |= {"enddt": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "path": "/calendar/action/compose"}
    yahoo = {"v": "60", "title": title, "st": first, "et": last}
    if session.where:
        google["location"] = outlook["location"] = yahoo["in_loc"] = session.where
    return {
        "Google": f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        "Outlook": f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
        "Yahoo": f"https://calendar.yahoo.com/?{urlencode(yahoo)}",
    }


def _at(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


def _title(session: Session, coach_name: str) -> str:
    if session.title:
        return session.title
    if coach_name:
        return say(language(), "book_event", coach=coach_name)
    return say(language(), "book_event_plain")
