"""Small calendar files, and what the sandbox reads of them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from workers.cronofy.sandbox import ics

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def event(*lines: str) -> str:
    return "\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT"))


def calendar_of(*parts: str, head: str = "VERSION:2.0") -> bytes:
    return "\r\n".join(
        "\n".join(("BEGIN:VCALENDAR", head, *parts, "END:VCALENDAR", "")).split("\n")
    ).encode()


def read(*parts: str, zone: ZoneInfo = LONDON, head: str = "VERSION:2.0") -> ics.Imported:
    return ics.read(calendar_of(*parts, head=head), zone=zone, since=SINCE, until=UNTIL)


def shown(result: ics.Imported) -> list[str]:
    """`start/end` of each draft, instants with Z, floating times and dates bare."""
    return sorted(f"{shown_value(one.start)}/{shown_value(one.end)}" for one in result.drafts)


def shown_value(moment: date) -> str:
    return moment.isoformat().replace("+00:00", "Z")


GOOD = event("UID:good", "SUMMARY:Good", "DTSTART:20260105T100000Z", "DTEND:20260105T110000Z")
GOOD_TIME = "2026-01-05T10:00:00Z/2026-01-05T11:00:00Z"
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""
