"""Times as requests send them and answers tell them: a query's zone and range, a body's instants,
and epoch seconds written as text.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from math import ceil

from domain.errors import Invalid
from domain.hours import DAY_SECONDS, midnight, timezone
from domain.windows import YEARS as BOUNDS
from webhooks.http.problems import RefusedRequest

MOST_DAYS = 92
CLOCK_CHANGES = 7200  # what summer time may add to so many local days
YEARS = range(BOUNDS[0], BOUNDS[1] + 1)
"""Those that hours know: in others nobody books."""
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def check_zone(field: str, zone: str) -> str:
    """The zone, if there is one of this name. Raises Invalid, with the field that it is in."""
    try:
        return timezone(zone).key
    except Invalid as error:
        raise Invalid(field, error.code, error.detail) from None


def between(since: str, until: str, zone: str) -> tuple[int, int]:
    """`from` and `to` of a query, in seconds; `zone` is one that there is. Raises Refused: no
    instant, reversed, too long.
    """
    start, end = bound("from", since, zone), bound("to", until, zone)
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


def check_bound(text: str) -> None:
    """Raises Invalid for what is no `from` and no `to` of a query, whatever the zone."""
    bound("", text, "UTC")


def bound(field: str, text: str, zone: str) -> int:
    try:
        if DATE.fullmatch(text):
            day = date.fromisoformat(text)
            if day.year in YEARS:
                return midnight(zone, day)
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo and moment.year in YEARS:
                return ceil(moment.timestamp())
    except ValueError:
        pass  # it is refused like a year that nobody books in
    detail = (
        "Send a date such as 2026-06-01, or an instant such as 2026-06-01T09:00:00Z (a + is"
        " %2B in a query)."
    )
    raise Invalid(field, "invalid_instant", detail)


def check_instant(text: str) -> None:
    """Raises Invalid."""
    instant("", text)


def instant(field: str, text: str) -> int:
    """An instant with an offset, in epoch seconds. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS or moment.microsecond:
        detail = "Send an instant with an offset, on a whole second, such as 2026-06-01T09:00:00Z."
        raise Invalid(field, "invalid_instant", detail)
    return int(moment.timestamp())


def instant_or_none(field: str, text: str | None) -> int | None:
    """The same; None for None."""
    if text is None:
        return None
    return instant(field, text)


def moment(field: str, text: str | None) -> datetime | None:
    """The same as an aware datetime; None for None."""
    if text is None:
        return None
    return datetime.fromtimestamp(instant(field, text), UTC)


# Kept: in a list in the order of time the same quarter hour comes again and again.
@lru_cache(maxsize=1024)
def iso(instant: int) -> str:
    """Epoch seconds -> 2026-06-01T09:00:00Z."""
    return datetime.fromtimestamp(instant, UTC).isoformat()[:19] + "Z"


def iso_or_none(moment: datetime | None) -> str | None:
    """The same of an aware datetime; None for None."""
    if moment is None:
        return None
    if moment.tzinfo is UTC:
        return moment.isoformat()[:19] + "Z"
    return iso(int(moment.timestamp()))
