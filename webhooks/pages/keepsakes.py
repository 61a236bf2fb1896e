"""A booked session for one's own calendar: a file for any program, and links that fill in a new
event elsewhere.
"""

from urllib.parse import urlencode

from domain.sessions import Booking, Session
from storage.reports.feeds import of_booking
from webhooks.http import calendar_files
from webhooks.http.page_sessions import language

BASIC = "%Y%m%dT%H%M%SZ"


def file(booking: Booking, session: Session, coach_name: str) -> bytes:
    """One event (RFC 5545), by the name that the mails give it: whoever has both has one event, and
    not two.
    """
    return calendar_files.written([of_booking(booking, session, coach_name)], language())


def links(booking: Booking, session: Session, coach_name: str) -> dict[str, str]:
    """By what people call the calendar."""
    title = calendar_files.title_of(of_booking(booking, session, coach_name), language())
    starts, ends = calendar_files.instant(session.starts), calendar_files.instant(session.ends)
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
