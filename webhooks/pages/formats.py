"""How the booking page says dates, times and zones: in the reader's zone, language and region, as
their mails do (CLDR, by babel).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from babel import Locale
from babel.dates import format_date, get_timezone_gmt

from domain.hours import timezone
from domain.mail import LANGUAGES
from workers.mailer.times import clock_time, day_and_time, short_day, zone_name

LOCALES = {language: language.replace("-", "_") for language in LANGUAGES} | {"en": "en_GB"}
"""The locale of each language, for the names of places: English is Britain's."""
LAST_MIDNIGHT = "24:00"


def local(instant: int, zone: str) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(timezone(zone))


def day(instant: int, zone: str, reader: Locale) -> str:
    """Tuesday, 2 June 2026"""
    return format_date(local(instant, zone), "full", locale=reader)


def span(starts: int, ends: int, zone: str, reader: Locale) -> str:
    """10:00 – 11:00; with the offset where the clocks change in between, or show one of them twice
    that day.
    """
    first, last = local(starts, zone), local(ends, zone)
    begin, end = clock_time(first, reader), clock_time(last, reader)
    clocks_change = first.utcoffset() != last.utcoffset()
    if clocks_change or _comes_twice(first) or _comes_twice(last):
        # An hour of 01:30 to 01:30 would be read as a mistake.
        return f"{begin} ({_gmt(first)}) – {end} ({_gmt(last)})"
    return f"{begin} – {end}"


def when(starts: int, ends: int, zone: str, reader: Locale) -> str:
    """Tuesday, 2 June 2026, 10:00 – 11:00"""
    return day_and_time(day(starts, zone, reader), span(starts, ends, zone, reader), reader)


def moment(instant: int, zone: str, reader: Locale) -> str:
    """Tue 2 Jun, 10:00; with the offset where the clock shows it twice that day."""
    at = local(instant, zone)
    said = day_and_time(short_day(at.date(), reader), clock_time(at, reader), reader)
    if _comes_twice(at):
        return f"{said} ({_gmt(at)})"
    return said


def clock(instant: int, zone: str, reader: Locale) -> str:
    """10:00"""
    return clock_time(local(instant, zone), reader)


def wall(quarter: str, reader: Locale) -> str:
    """A quarter hour of the grid, 14:15 or 24:00, as the reader's clock shows it: without a space,
    for its columns are narrow, and hundreds of it are sent.
    """
    hour, minute = int(quarter[:2]), int(quarter[3:])
    counts_to_24 = "H" in reader.time_formats["short"].pattern
    if quarter == LAST_MIDNIGHT and counts_to_24:
        # Python has no time of 24:00; 00:00 would be the beginning of the day that ends here.
        return quarter
    return clock_time(time(hour % 24, minute), reader).replace(" ", "")


def short_weekday(on: date, reader: Locale) -> str:
    """Tue"""
    return format_date(on, "EEE", locale=reader)


def month(on: date, reader: Locale) -> str:
    """June"""
    return format_date(on, "MMMM", locale=reader)


def monday(instant: int, zone: str) -> date:
    """The first day of the week that it lies in."""
    on = local(instant, zone).date()
    return on - timedelta(days=on.weekday())


def weeks(on: date, number: int) -> date:
    """So many weeks later."""
    return on + timedelta(weeks=number)


def zone_named(instant: int, zone: str, reader: Locale) -> str:
    """Central European Time (Berlin), as the mails have it"""
    return zone_name(local(instant, zone), reader)


def offset(instant: int, zone: str) -> str:
    """GMT+01:00"""
    return _gmt(local(instant, zone))


def offsets(zone: str, since: int, until: int) -> tuple[str, ...]:
    """The offset of a day, or the two that it changes from and to."""
    first, last = offset(since, zone), offset(until - 1, zone)
    if first == last:
        return (first,)
    return first, last


def _comes_twice(at: datetime) -> bool:
    """Whether the clock shows this time again that day. The two differ in their offset."""
    return at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()


def _gmt(at: datetime) -> str:
    # In English for every reader: it is a name that is looked up, and no word.
    return get_timezone_gmt(at, "long", locale="en")


FILTERS: dict[str, Callable[..., str | date]] = {
    "day": day,
    "span": span,
    "when": when,
    "moment": moment,
    "clock": clock,
    "local": local,
    "wall": wall,
    "weekday": short_day,
    "short_weekday": short_weekday,
    "month": month,
    "monday": monday,
    "weeks": weeks,
    "zone_named": zone_named,
}
"""Of the templates, all named page_*."""
