"""Dates and times as the recipient says them: in their zone, which is named, and in their language
(CLDR, by babel).
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)

from domain.hours import timezone
from domain.mail import MailFacts
from domain.mail.choice import languages


def spell(facts: MailFacts, language: str) -> dict[str, str]:
    """The tokens for times, in the language of the text: a German date would be lost in an English
    sentence.
    """
    locale, zone = locale_of(facts.recipient.language, language), timezone(facts.recipient.zone)
    spelled: dict[str, str] = {}
    if facts.starts is not None and facts.ends is not None:
        start, end = _local(facts.starts, zone), _local(facts.ends, zone)
        spelled |= {
            "start_date": _date(start, locale),
            "start_time": _time(start, locale),
            "end_time": _end(start, end, locale),
            "zone": zone_name(start, locale),
        }
    if facts.previous_starts is not None:
        previous = _local(facts.previous_starts, zone)
        spelled |= {
            "previous_start": f"{_date(previous, locale)}, {_time(previous, locale)}",
            "previous_start_date": _date(previous, locale),
            "previous_start_time": _time(previous, locale),
        }
    return spelled


def locale_of(tag: str, language: str) -> Locale:
    """The reader's own flavour of the text's language (en-GB says 14:00, en-US 2:00 PM), or plainly
    that language.
    """
    wanted, written = languages(tag), languages(language)
    same = wanted[0].partition("-")[0] == written[0].partition("-")[0]
    for candidate in (*wanted, *written) if same else written:
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone)


def _date(moment: datetime, locale: Locale) -> str:
    return format_date(moment, "full", locale=locale)


def _time(moment: datetime, locale: Locale) -> str:
    # CLDR sets a narrow no-break space before AM, which some mail programs show as a box.
    return format_time(moment, "short", locale=locale).replace("\u202f", " ")


def _end(start: datetime, end: datetime, locale: Locale) -> str:
    """The end's time; with what differs from the start: the date after midnight, the offset after a
    clock change.
    """
    apart = []
    if end.date() != start.date():
        apart.append(_date(end, locale))
    if end.utcoffset() != start.utcoffset():
        apart.append(_offset(end, locale))
    return f"{_time(end, locale)} ({', '.join(apart)})" if apart else _time(end, locale)


def zone_name(moment: datetime, locale: Locale) -> str:
    """`Central European Summer Time (Berlin, GMT+02:00)`; the offset tells the two 02:30 of an
    autumn night apart.
    """
    offset = _offset(moment, locale)
    name = get_timezone_name(moment, "long", locale=locale)
    city = get_timezone_location(moment.tzinfo, locale=locale, return_city=True)
    if name in (offset, ""):
        return f"{city} ({offset})"
    return f"{name} ({city}, {offset})" if city != "UTC" else f"{name} ({offset})"


def _offset(moment: datetime, locale: Locale) -> str:
    return get_timezone_gmt(moment, "long", locale=locale)
