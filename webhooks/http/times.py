"""The range that a query asks about: dates in a zone, or instants, as epoch seconds."""

import re
from datetime import UTC, date, datetime
from math import ceil

from domain.errors import Invalid
from domain.hours import DAY_SECONDS, midnight
from webhooks.http.problems import RefusedRequest

MOST_DAYS = 92
CLOCK_CHANGES = 7200  # what summer time may add to so many local days
YEARS = range(1971, 2200)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def between(since: str, until: str, zone: str) -> tuple[int, int]:
    """`from` and `to` of a query, in seconds. Raises Refused (no instant, reversed, too long),
    Invalid (no zone).
    """
    start, end = _instant("from", since, zone), _instant("to", until, zone)
    if end <= start:
        raise RefusedRequest(
            "reversed_range",
            "`to` is exclusive and must lie after `from`: send a later one.",
            field="to",
        )
    if end - start > MOST_DAYS * DAY_SECONDS + CLOCK_CHANGES:
        raise RefusedRequest(
            "range_too_long",
            f"Ask for at most {MOST_DAYS} days at once: send an earlier `to`.",
            field="to",
        )
    return start, end


def iso(instant: int) -> str:
    """Epoch seconds -> 2026-06-01T09:00:00Z."""
    return datetime.fromtimestamp(instant, UTC).isoformat()[:19] + "Z"


def iso_or_none(moment: datetime | None) -> str | None:
    """The same of an aware datetime; None for None."""
    if moment is None:
        return None
    return iso(int(moment.timestamp()))


def _instant(field: str, text: str, zone: str) -> int:
    try:
        if DATE.fullmatch(text):
            day = date.fromisoformat(text)
            if day.year in YEARS:
                return midnight(zone, day)
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo and moment.year in YEARS:
                return ceil(moment.timestamp())
    except Invalid as error:
        raise Invalid("tz", error.code, error.detail) from None
    except ValueError:
        pass  # it is refused like a year that nobody books in
    detail = (
        "Send a date such as 2026-06-01, or an instant such as 2026-06-01T09:00:00Z (a + is"
        " %2B in a query)."
    )
    raise RefusedRequest("invalid_instant", detail, field=field)


def check_zone(zone: str) -> str:
    """The zone, if there is one of this name. Raises Invalid."""
    _instant("from", "2026-01-01", zone)
    return zone
