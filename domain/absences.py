"""When a coach is not there, or is elsewhere: away, on a public holiday, travelling. Their forms
are JSON's; each is checked here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any

from domain.errors import Invalid, whole_number
from domain.hours import timezone
from domain.mail.safety import one_line
from domain.trips import Trip, Trips
from domain.windows import YEARS

MOST_AWAY = 100
MOST_TRIPS = 50
MOST_NAMES = 100
MOST_DATES = 1000
MOST_TEXT = 300
PLACE = "[A-Za-z0-9 .'\u00c0-\u024f-]{0,60}"
"""How a country or a region of one may be spelled: a pattern."""

_WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Away:
    """A time in which a coach takes no sessions: wall-clock times in the coach's zone, naive."""

    since: datetime
    until: datetime
    note: str = field(default="", repr=False)
    """For ops alone: no participant sees it, and no log."""


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The public holidays on which a coach takes no sessions."""

    country: str = ""
    """ISO 3166-1 alpha-2, such as GB; empty: none was chosen."""
    region: str = ""
    """A part of that country; empty: all of it."""
    names: tuple[str, ...] = ()
    """Of those that the coach has switched on, as the country calls them. Sorted."""
    dates: tuple[date, ...] = ()
    """When these are, this year and the next ones. Sorted."""


NO_HOLIDAYS = PublicHolidays()


def away_of(value: object) -> tuple[Away, ...]:
    """From [{"from": "2026-12-24T12:00", "to": "2027-01-04T00:00", "note": ""}].

    Raises Invalid with the path of the field.
    """
    found = []
    for place, each in enumerate(_listed(value, "away", MOST_AWAY)):
        path = f"away[{place}]"
        members = _members(each, path, ("from", "to", "note"))
        since = _wall(members.get("from"), f"{path}.from")
        until = _wall(members.get("to"), f"{path}.to")
        if until <= since:
            raise _reversed(f"{path}.to")
        found.append(Away(since, until, _text(members.get("note", ""), f"{path}.note")))
    return in_order(found)


def in_order(away: Iterable[Away]) -> tuple[Away, ...]:
    return tuple(sorted(away, key=attrgetter("since", "until", "note")))


def away_json(away: Sequence[Away]) -> list[dict[str, str]]:
    """What `away_of` takes."""
    shown = []
    for each in away:
        since, until = each.since.isoformat()[:16], each.until.isoformat()[:16]
        shown.append({"from": since, "to": until, "note": each.note})
    return shown


def trips_of(value: object) -> Trips:
    """From [{"first": "2026-05-01", "last": "2026-05-14", "zone": "Asia/Tokyo"}].

    Raises Invalid with the path of the field.
    """
    found = []
    for place, each in enumerate(_listed(value, "travel", MOST_TRIPS)):
        path = f"travel[{place}]"
        members = _members(each, path, ("first", "last", "zone"))
        first = _date(members.get("first"), f"{path}.first")
        last = _date(members.get("last"), f"{path}.last")
        if last < first:
            raise _reversed(f"{path}.last")
        found.append(Trip(first, last, _zone(members.get("zone"), f"{path}.zone")))
    found.sort(key=attrgetter("first"))
    for trip, following in pairwise(found):
        if following.first <= trip.last:
            detail = f"{following.first} is in two ranges: a coach is in one place on a date."
            raise Invalid("travel", "ranges_overlap", detail)
    return tuple(found)


def trips_json(trips: Trips) -> list[dict[str, str]]:
    """What `trips_of` takes."""
    shown = []
    for trip in trips:
        first, last = trip.first.isoformat(), trip.last.isoformat()
        shown.append({"first": first, "last": last, "zone": trip.zone})
    return shown


def dates_of(value: object, path: str) -> tuple[date, ...]:
    """From ["2026-12-25"]. Raises Invalid with the path of the field."""
    found = set()
    for place, text in enumerate(_listed(value, path, MOST_DATES)):
        found.add(_date(text, f"{path}[{place}]"))
    return tuple(sorted(found))


def holidays_json(chosen: PublicHolidays) -> dict[str, Any] | None:
    """{"country": "GB", "region": "SCT", "names": ["Boxing Day"], "dates": ["2026-12-26"]}; None
    for none.
    """
    if chosen == NO_HOLIDAYS:
        return None
    dates = [day.isoformat() for day in chosen.dates]
    place = {"country": chosen.country, "region": chosen.region}
    return place | {"names": list(chosen.names), "dates": dates}


def check_holidays(chosen: PublicHolidays) -> None:
    """Raises Invalid. Whether there is such a country, who makes the dates knows."""
    for name, text in (("country", chosen.country), ("region", chosen.region)):
        if not re.fullmatch(PLACE, text):
            detail = "Send one of GET /v1/holidays."
            raise Invalid(f"holidays.{name}", "unknown_country_or_region", detail)
    if len(chosen.names) > MOST_NAMES:
        raise _too_many("holidays.names", MOST_NAMES)
    for place, text in enumerate(chosen.names):
        _text(text, f"holidays.names[{place}]")


def _listed(value: object, field_name: str, most: int) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Invalid(field_name, "not_a_list", "Send a list of objects, or [].")
    if len(value) > most:
        raise _too_many(field_name, most)
    return value


def _too_many(field_name: str, most: int) -> Invalid:
    return Invalid(field_name, "too_many", f"Send {most} at most; leave out what is over.")


def _members(value: object, path: str, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(path, "not_an_object", f"Send an object of {', '.join(names)}.")
    for name in value:
        if name not in names:
            detail = f"Leave {name!s:.40} out: there are {', '.join(names)}."
            raise Invalid(f"{path}.{name!s:.40}", "unknown_field", detail)
    return value


def _wall(text: object, path: str) -> datetime:
    found = None
    if isinstance(text, str) and _WALL.fullmatch(text):
        found = _parsed(text)
    if found is None:
        detail = f"{text!r:.60} is no local time; write it like 2026-12-24T12:00."
        raise Invalid(path, "invalid_date", detail)
    whole_number(path, found.year, *YEARS)
    return found


def _date(text: object, path: str) -> date:
    found = None
    if isinstance(text, str) and _DATE.fullmatch(text):
        found = _parsed(text)
    if found is None:
        raise Invalid(path, "invalid_date", f"{text!r:.60} is no date; write it like 2026-12-24.")
    whole_number(path, found.year, *YEARS)
    return found.date()


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _zone(key: object, path: str) -> str:
    try:
        return timezone(str(key)).key
    except Invalid as error:
        raise Invalid(path, error.code, error.detail) from None


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise Invalid(path, "invalid_value", "Send a text without control characters.")
    if len(value) > MOST_TEXT:
        raise Invalid(path, "too_many", f"Send {MOST_TEXT} characters at most.")
    if value and not one_line(value):
        raise Invalid(path, "shows_nothing", "Send a text of which people see something, or none.")
    return value


def _reversed(path: str) -> Invalid:
    return Invalid(path, "reversed_range", "A range ends after it begins: send a later end.")
