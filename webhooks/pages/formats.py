"""How the booking page says dates, times and zones: in the reader's zone and language (CLDR, by
babel).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

from babel.dates import format_date, format_time, get_timezone_gmt

from domain.hours import timezone

SHORT = {"en": "en_GB", "de": "de", "fr": "fr"}
"""English with a clock of 24 hours: quarter hours stand in columns."""
WEEKDAY = {"en": "EEE d MMM", "de": "EEE d. MMM", "fr": "EEE d MMM"}


def local(instant: int, zone: str) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(timezone(zone))


def day(instant: int, zone: str, language: str) -> str:
    """Tuesday, 2 June 2026"""
    return format_date(local(instant, zone), "full", locale=SHORT[language])


def span(starts: int, ends: int, zone: str, language: str) -> str:
    """10:00 – 11:00; with the offset where the clocks change in between."""
    first, last = local(starts, zone), local(ends, zone)
    changed = first.utcoffset() != last.utcoffset()
    return " – ".join(
        _time(moment, language) + (f" ({_gmt(moment)})" if changed else "")
        for moment in (first, last)
    )


def moment(instant: int, zone: str, language: str) -> str:
    """Tue, 2 Jun, 10:00"""
    return (
        f"{weekday(local(instant, zone).date(), language)}, {_time(local(instant, zone), language)}"
    )


def weekday(on: date, language: str) -> str:
    """Tue 2 Jun"""
    return format_date(on, WEEKDAY[language], locale=SHORT[language])


def short_weekday(on: date, language: str) -> str:
    """Tue"""
    return format_date(on, "EEE", locale=SHORT[language])


def month(on: date, language: str) -> str:
    """June"""
    return format_date(on, "MMMM", locale=SHORT[language])


def monday(instant: int, zone: str) -> date:
    """The first day of the week that it lies in."""
    on = local(instant, zone).date()
    return on - timedelta(days=on.weekday())


def weeks(on: date, number: int) -> date:
    """So many weeks later."""
    return on + timedelta(weeks=number)


def zone_named(instant: int, zone: str) -> str:
    """Europe/London (GMT+01:00)"""
    return f"{zone.replace('_', ' ')} ({_gmt(local(instant, zone))})"


@cache
def zones() -> tuple[str, ...]:
    """The zones that a person may live in, as the tz database lists them by country; and UTC."""
    listed = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    return (
        *sorted(line.split("\t")[2] for line in listed if line and not line.startswith("#")),
        "UTC",
    )


def _time(at: datetime, language: str) -> str:
    return format_time(at, "short", locale=SHORT[language])


def _gmt(at: datetime) -> str:
    return get_timezone_gmt(at, "long", locale="en")


FILTERS: dict[str, Callable[..., str | date]] = {
    "day": day,
    "span": span,
    "moment": moment,
    "weekday": weekday,
    "short_weekday": short_weekday,
    "month": month,
    "monday": monday,
    "weeks": weeks,
    "zone_named": zone_named,
}
"""Of the templates, all named page_*."""
