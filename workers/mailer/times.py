"""Dates and times as the recipient says them:
in their zone, which is named, and in their language (CLDR, by babel).
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)

from domain.hours import timezone
from domain.mail import MailFacts
from domain.mail.choice import languages

LONG_DAYS = ("ar",)
"""Where a day's abbreviation is its whole name; on phones and above columns the short one stands
(CLDR).
"""
SIGN = re.compile(r"[+\u2212-](?=\d)")
LEFT_TO_RIGHT = "\u200e"
FILLING = re.compile(", | de ")
"""Of a short date, what it is as clear without."""


def spell(facts: MailFacts, language: str) -> dict[str, str]:
    """The tokens for times, in the language of the text:
    a German date would be lost in an English sentence.
    """
    locale, zone = locale_of(facts.recipient.language, language), timezone(facts.recipient.zone)
    spelled: dict[str, str] = {}
    if facts.starts is not None and facts.ends is not None:
        start, end = _local(facts.starts, zone), _local(facts.ends, zone)
        spelled |= {
            "start_date": _date(start, locale),
            "start_time": clock_time(start, locale),
            "end_time": _end(start, end, locale),
            "zone": zone_name(start, locale),
            "short_start": _short(start, locale),
        }
    if facts.previous_starts is not None:
        previous = _local(facts.previous_starts, zone)
        spelled |= {
            "previous_start": day_and_time(
                _date(previous, locale), clock_time(previous, locale), locale
            ),
            "previous_start_date": _date(previous, locale),
            "previous_start_time": clock_time(previous, locale),
        }
    if facts.event_starts is not None and facts.event_ends is not None:
        start, end = _local(facts.event_starts, zone), _local(facts.event_ends, zone)
        times = f"{clock_time(start, locale)} – {_end(start, end, locale)}"
        spelled["event_when"] = day_and_time(_date(start, locale), times, locale)
    return spelled


def locale_of(tag: str, language: str) -> Locale:
    """The reader's own flavour of the text's language (en-GB says 14:00, en-US 2:00 PM),
    or plainly that language.
    """
    wanted, candidates = languages(tag), languages(language)
    if wanted[0].partition("-")[0] == candidates[0].partition("-")[0]:
        candidates = (*wanted, *candidates)
    for candidate in candidates:
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone)


def _date(moment: datetime, locale: Locale) -> str:
    return format_date(moment, "full", locale=locale)


def clock_time(moment: datetime | time, locale: Locale) -> str:
    """`14:00` or `2:00 PM`, as it is usual in this language and region."""
    # CLDR sets a narrow no-break space before AM, which some mail programs show as a box.
    return format_time(moment, "short", locale=locale).replace("\u202f", " ")


def _short(moment: datetime, locale: Locale) -> str:
    """`Tue 2 Jun, 12:00`: what a phone shows of a subject holds it, and a name."""
    return day_and_time(short_day(moment, locale), clock_time(moment, locale), locale)


def short_day(day: date, locale: Locale) -> str:
    """`Tue 2 Jun` or `Tue Jun 2`, as it is usual in this language and region."""
    if locale.language in LONG_DAYS:
        return format_date(day, "EEEEEE d MMM", locale=locale)
    return FILLING.sub(" ", format_skeleton("MMMEd", day, locale=locale))


def day_and_time(day: str, time: str, locale: Locale) -> str:
    """`2 June, 12:00`, with what the language sets between the two."""
    return str(locale.datetime_formats["medium"]).format(time, day)


def _end(start: datetime, end: datetime, locale: Locale) -> str:
    """The end's time; with what differs from the start:
    the date after midnight, the offset after a clock change.
    """
    apart = []
    if end.date() != start.date():
        apart.append(_date(end, locale))
    if end.utcoffset() != start.utcoffset():
        apart.append(_offset(end, locale))
    return _with_notes(clock_time(end, locale), apart)


def zone_name(moment: datetime, locale: Locale) -> str:
    """`Central European Time (Berlin)`, the same all the year;
    with its offset where a wall clock shows it twice.
    """
    offset = _offset(moment, locale)
    city = get_timezone_location(moment.tzinfo, locale=locale, return_city=True)
    name = signed(_name(moment, locale), locale)
    if name in (offset, ""):
        return f"{city} ({offset})"
    apart = []
    if city != "UTC":
        apart.append(city)
    # In the night when clocks go back 02:30 is shown twice: only the offset tells which is meant.
    if moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():
        apart.append(offset)
    return _with_notes(name, apart)


def _with_notes(text: str, notes: list[str]) -> str:
    if not notes:
        return text
    return f"{text} ({', '.join(notes)})"


def _name(moment: datetime, locale: Locale) -> str:
    """The name for the whole year, where the language has one; else that of the season."""
    whole_year = get_timezone_name(moment.tzinfo, "long", locale=locale, zone_variant="generic")
    # Where CLDR has none, babel makes one up of the country's name and the city's.
    if "(" in whole_year or ":" in whole_year:
        return get_timezone_name(moment, "long", locale=locale)
    return whole_year


def _offset(moment: datetime, locale: Locale) -> str:
    return signed(get_timezone_gmt(moment, "long", locale=locale), locale)


def signed(offset: str, locale: Locale) -> str:
    """An offset whose sign stays before its digits. Behind a letter that is read from the right it
    would be drawn behind them, and +01:00 be read as 01:00+.
    """
    if locale.text_direction == "ltr":
        return offset
    return SIGN.sub(LEFT_TO_RIGHT + r"\g<0>", offset)
