"""Windows of working hours as JSON has them, read and written: [["09:00", "17:00"]] of a weekday
or of a date.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from domain.errors import Invalid, whole_number, wrong_by

Window = tuple[int, int]
"""Minutes after local midnight, 0 <= start < 1440 and start < end <= start + 1440:
past 1440 is the next day.
"""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = (1973, 2199)
"""Liberia was the last zone to round its offset to minutes, in 1972;
the other end keeps off that of `date`.
"""

_DAY_MINUTES = 1440
_WALL = re.compile(r"([01]\d|2[0-3]|24(?=:00)):([0-5]\d)", re.ASCII)


def wrong_weekdays(days: Mapping[str, object]) -> Iterator[Invalid]:
    """All that is wrong with these windows of weekdays."""
    for day, windows in days.items():
        yield from wrong_by(check_weekday, day)
        yield from _wrong(windows, f"hours.{day!s:.40}")


def wrong_dates(days: Mapping[str, object]) -> Iterator[Invalid]:
    """The same of dates that replace them."""
    for day, windows in days.items():
        yield from wrong_by(date_of, day)
        yield from _wrong(windows, f"overrides.{day!s:.40}")


def _wrong(value: object, field: str) -> Iterator[Invalid]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield from wrong_by(parse, value, field)
        return
    for place, pair in enumerate(value):
        yield from wrong_by(_window, pair, f"{field}[{place}]")


def mapping(value: object, field: str) -> Mapping[str, object]:
    """The value, if it is an object. Raises Invalid, as all of these do."""
    if isinstance(value, Mapping):
        return value
    raise Invalid(
        field,
        "not_an_object",
        f"Send an object of lists of [start, end], not {type(value).__name__}.",
    )


def check_weekday(day: str) -> None:
    """Raises Invalid."""
    if day not in WEEKDAYS:
        detail = f"Name the days {', '.join(WEEKDAYS)}; {day!r:.60} is none of them."
        raise Invalid(f"hours.{day!s:.40}", "unknown_weekday", detail)


def date_of(text: object) -> date:
    """The date that an override is of."""
    field = f"overrides.{text!s:.40}"
    day = _parsed(text)
    # Python reads 20261224 and 2026-W52-4 too; a date has one name here, because it is a key.
    if day is None or str(day) != text:
        raise Invalid(field, "invalid_date", f"{text!r:.60} is no date; write it like 2026-12-24.")
    whole_number(field, day.year, *YEARS)
    return day


def _parsed(text: object) -> date | None:
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse(value: object, field: str) -> tuple[Window, ...]:
    """The windows of one day, sorted."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Invalid(
            field, "not_a_list", 'Send a list of [start, end] such as [["09:00", "17:00"]], or [].'
        )
    windows = []
    for place, pair in enumerate(value):
        window = _window(pair, f"{field}[{place}]")
        windows.append(window)
    return tuple(sorted(windows))


def _window(pair: object, field: str) -> Window:
    # A text of two characters is no such list, whatever Python says of sequences elsewhere.
    match pair:
        case [first, last]:
            start, end = _minutes(first, field), _minutes(last, field)
        case _:
            raise Invalid(field, "not_a_window", 'A window is a pair such as ["09:00", "17:00"].')
    if start == _DAY_MINUTES:
        raise Invalid(
            field,
            "starts_at_24",
            'A window cannot begin at 24:00; begin it at "00:00" of the next day.',
        )
    if end <= start:
        end += _DAY_MINUTES
    return start, end


def _minutes(wall: object, field: str) -> int:
    found = _WALL.fullmatch(wall) if isinstance(wall, str) else None
    if not found:
        raise Invalid(
            field,
            "invalid_time",
            f"{wall!r:.60} is no time of day; write it like 09:00, or 24:00 for an end.",
        )
    return int(found[1]) * 60 + int(found[2])


def clocks(windows: tuple[Window, ...]) -> list[list[str]]:
    """What `parse` takes."""
    return [[_clock(start), _clock(end)] for start, end in windows]


@lru_cache(maxsize=2 * _DAY_MINUTES)
def _clock(minute: int) -> str:
    # 24:00 is the end of a day, and keeps its name; what lies beyond is a time of the next day.
    if minute > _DAY_MINUTES:
        minute -= _DAY_MINUTES
    hour, rest = divmod(minute, 60)
    return f"{hour:02}:{rest:02}"
