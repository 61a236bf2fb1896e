"""How the booking page says dates, times and zones: in the reader's zone and language (CLDR, by
babel).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt

from domain.hours import timezone
from domain.mail import LANGUAGES
from workers.mailer.times import day_and_time, zone_name

SHORT = {language: language.replace("-", "_") for language in LANGUAGES} | {"en": "en_GB"}
"""The locale of each language."""
CLOCK = "HH:mm"
"""Of 24 hours in every language: quarter hours stand in columns, and are typed so."""
USUAL_WEEKDAY = "EEE d MMM"
WEEKDAY = {"de": "EEE d. MMM", "pt-BR": "EEE, d MMM", "ja": "M月d日(EEE)", "ar": "EEE، d MMM"}


def local(instant: int, zone: str) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(timezone(zone))


def day(instant: int, zone: str, language: str) -> str:
    """Tuesday, 2 June 2026"""
    return format_date(local(instant, zone), "full", locale=SHORT[language])


def span(starts: int, ends: int, zone: str, language: str) -> str:
    """10:00 – 11:00; with the offset where the clocks change in between, or show one of them twice
    that day.
    """
    both = first, last = local(starts, zone), local(ends, zone)
    if first.utcoffset() == last.utcoffset() and not any(_comes_twice(at) for at in both):
        return f"{_time(first, language)} – {_time(last, language)}"
    return " – ".join(f"{_time(at, language)} ({_gmt(at)})" for at in both)


def when(starts: int, ends: int, zone: str, language: str) -> str:
    """Tuesday, 2 June 2026, 10:00 – 11:00"""
    on, hours = day(starts, zone, language), span(starts, ends, zone, language)
    return day_and_time(on, hours, Locale.parse(SHORT[language]))


def moment(instant: int, zone: str, language: str) -> str:
    """Tue 2 Jun, 10:00; with the offset where the clock shows it twice that day."""
    at = local(instant, zone)
    said = day_and_time(
        weekday(at.date(), language), _time(at, language), Locale.parse(SHORT[language])
    )
    return f"{said} ({_gmt(at)})" if _comes_twice(at) else said


def clock(instant: int, zone: str, language: str) -> str:
    """10:00"""
    return _time(local(instant, zone), language)


def weekday(on: date, language: str) -> str:
    """Tue 2 Jun"""
    return format_date(on, WEEKDAY.get(language, USUAL_WEEKDAY), locale=SHORT[language])


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


def zone_named(instant: int, zone: str, language: str) -> str:
    """Central European Time (Berlin), as the mails have it"""
    return zone_name(local(instant, zone), Locale.parse(SHORT[language]))


def offset(instant: int, zone: str) -> str:
    """GMT+01:00"""
    return _gmt(local(instant, zone))


def offsets(zone: str, since: int, until: int) -> tuple[str, ...]:
    """The offset of a day, or the two that it changes from and to."""
    return tuple(dict.fromkeys(offset(instant, zone) for instant in (since, until - 1)))


def _time(at: datetime, language: str) -> str:
    return format_time(at, CLOCK, locale=SHORT[language])


def _comes_twice(at: datetime) -> bool:
    return at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()


def _gmt(at: datetime) -> str:
    return get_timezone_gmt(at, "long", locale="en")


FILTERS: dict[str, Callable[..., str | date]] = {
    "day": day,
    "span": span,
    "when": when,
    "moment": moment,
    "clock": clock,
    "local": local,
    "weekday": weekday,
    "short_weekday": short_weekday,
    "month": month,
    "monday": monday,
    "weeks": weeks,
    "zone_named": zone_named,
}
"""Of the templates, all named page_*."""
