"""Public holidays by country and region, as the `holidays` package knows them: the one place that
asks it. It is asked when somebody chooses, and when a day or a release has passed; the dates are
stored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import structlog

from domain.absences import PublicHolidays, check_holidays
from domain.coaches import Coach
from domain.errors import Invalid

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase

log = structlog.get_logger()

# Dates are stored for as long as anybody may book ahead; and for some days back, on which the
# spacing of a coach's first day depends.
AHEAD_YEARS = 2
BACK = timedelta(days=10)
ENGLISH = "en_US"
SEVERAL = "; "
LABEL = "%s"


@dataclass(frozen=True, slots=True)
class Holiday:
    """`name`: as the country calls it, by which it is chosen. `shown`: the same in the reader's
    language, or in English, where the package has it.
    """

    name: str
    shown: str
    dates: tuple[date, ...]


@cache
def countries() -> tuple[str, ...]:
    """ISO 3166-1 alpha-2."""
    from holidays.registry import COUNTRIES

    return tuple(sorted(codes[1] for codes in COUNTRIES.values()))


def regions(country: str) -> dict[str, str]:
    """The parts of a country that have holidays of their own: code -> name. Raises Invalid."""
    kind = _kind(country)
    names = {code: name for name, code in kind.subdivisions_aliases.items()}
    return {code: names.get(code, code) for code in kind.subdivisions}


def of_place(country: str, region: str, today: date, language: str = "en") -> list[Holiday]:
    """From ten days ago to the end of the year after the next one, in order of their next date.

    `language`: a tag such as pt-BR. Raises Invalid for a place that the package does not know.
    """
    years = range((today - BACK).year, today.year + AHEAD_YEARS + 1)
    found = _in_years(country, region, years, language)
    return sorted(found, key=lambda it: min(day for day in (*it.dates, date.max) if day >= today))


@lru_cache(maxsize=256)
def _in_years(country: str, region: str, years: range, language: str) -> tuple[Holiday, ...]:
    """Kept: to make the calendars of a place takes long, and many coaches share one."""
    own, theirs = _calendars(country, region, years, language)
    labels = list(_labels(own))
    dates: dict[str, list[date]] = {}
    shown: dict[str, str] = {}
    for day in sorted(own):
        names = own.get_list(day)
        for name in names:
            plain = _plain(name, labels)
            dates.setdefault(plain, []).append(day)
            # Several of one date are sorted by their names: which is which, nobody can tell then.
            if len(names) == 1 and plain == name:
                shown.setdefault(plain, theirs.get(day, name))
    found = [Holiday(name, shown.get(name, name), tuple(days)) for name, days in dates.items()]
    return tuple(found)


def choose(country: str, region: str, names: Sequence[str], today: date) -> PublicHolidays:
    """What was chosen, with its dates. Raises Invalid for what the package does not know."""
    wanted = tuple(sorted(set(names)))
    check_holidays(PublicHolidays(country, region, wanted))
    known = {it.name: it.dates for it in of_place(country, region, today)}
    for place, name in enumerate(names):
        if name not in known:
            detail = f"{name!r:.60} is no holiday there: send names of GET /v1/holidays."
            raise Invalid(f"holidays.names[{place}]", "unknown_word", detail)
    return PublicHolidays(country, region, wanted, _dates(wanted, known))


def renewed(coach: Coach, today: date) -> Coach:
    """The coach with the dates that the installed release gives: the very same, where they are."""
    chosen = coach.holidays
    if not chosen.names:
        return coach
    try:
        known = {it.name: it.dates for it in of_place(chosen.country, chosen.region, today)}
    except Invalid:
        known = {}
    lost = [name for name in chosen.names if name not in known]
    # A release may call a holiday otherwise. The coach is to choose again; until then its date
    # would open unseen, so the dates that are known stay.
    dates = _dates(chosen.names, known)
    if lost:
        log.warning("holidays_not_known", coach=coach.id, place=chosen.country, count=len(lost))
        dates = tuple(sorted({*dates, *chosen.dates}))
    if dates == chosen.dates:
        return coach
    return replace(coach, holidays=replace(chosen, dates=dates))


def _dates(names: Sequence[str], known: dict[str, tuple[date, ...]]) -> tuple[date, ...]:
    found: set[date] = set()
    for name in names:
        found.update(known.get(name, ()))
    return tuple(sorted(found))


def _kind(country: str) -> "type[HolidayBase]":
    # Loaded when somebody asks: it takes a quarter of a second, and most processes never do.
    import holidays

    if country not in countries():
        detail = "Send a country as GET /v1/holidays names it, such as GB."
        raise Invalid("holidays.country", "unknown_country_or_region", detail)
    kind: type[HolidayBase] = getattr(holidays, country)
    return kind


def _calendars(
    country: str, region: str, years: range, language: str
) -> "tuple[HolidayBase, HolidayBase]":
    """As the country calls its holidays, and as the reader does."""
    kind = _kind(country)
    if region and region not in kind.subdivisions:
        detail = f"Send a region of {country} as GET /v1/holidays?country={country} names it."
        raise Invalid("holidays.region", "unknown_country_or_region", detail)
    # Named always: without a language the package takes the one of the machine.
    spoken = (kind.default_language, _spoken(kind, language))
    own, theirs = (kind(subdiv=region or None, years=years, language=it) for it in spoken)
    return own, theirs


def _spoken(kind: "type[HolidayBase]", language: str) -> str | None:
    """Of the languages that the package has for a country, the nearest to a tag such as pt-BR."""
    wanted, known = language.replace("-", "_"), kind.supported_languages
    alike = [each for each in known if each.partition("_")[0] == wanted.partition("_")[0]]
    for each in (wanted, *alike, ENGLISH):
        if each in known:
            return each
    return kind.default_language


def _labels(own: "HolidayBase") -> Iterator[re.Pattern[str]]:
    """What the package writes around a name: "(observed)", "(estimated)"."""
    for attribute in dir(type(own)):
        label = getattr(type(own), attribute)
        if "label" not in attribute or attribute.startswith("substituted"):
            continue
        if isinstance(label, str) and label.count(LABEL) == 1:
            before, _, after = own.tr(label).partition(LABEL)
            if before + after:
                yield re.compile(f"{re.escape(before)}(.+){re.escape(after)}")


def _plain(name: str, labels: Sequence[re.Pattern[str]]) -> str:
    """The holiday that a name with such a label is of."""
    for label in labels:
        found = label.fullmatch(name)
        if found is not None:
            return _plain(found[1], labels)
    return name
