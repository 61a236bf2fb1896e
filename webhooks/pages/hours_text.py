"""The hours of a day as text: written with the reader's clock, "9:00 AM-5:00 PM", and understood
with either one, in the marks and digits of every language of the pages. grid.js does the same.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from functools import partial
from typing import Self

from babel import Locale

from domain.errors import Invalid
from webhooks.api.schemas.hours import MOST_WINDOWS
from workers.mailer.times import clock_time

Windows = list[list[str]]

DAY, HALF, HOUR = 1440, 720, 60
LAST_MIDNIGHT = "24:00"
EXAMPLES = {
    "window": (("09:00", "12:30"),),
    "day": (("09:00", "17:00"),),
    "windows": (("09:00", "12:00"), ("13:00", "17:00")),
}

_UNSEEN = re.compile(r"[\u061c\u200e\u200f\u2066-\u2069]")
_DIGIT = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")
_PARTS = re.compile(r"[,;\n\u060c\u061b\u3001]")
_MARK = r"([ap]\.? ?m\.?|[ap]|\u0635|\u0645|\u5348[\u524d\u5f8c])"
_CLOCK = rf" ?{_MARK}? ?([0-9]{{1,2}})(?: ?[:.h] ?([0-9]{{2}})| ?h)? ?{_MARK}? ?"
_WINDOW = re.compile(rf"{_CLOCK}[-\u2010-\u2015\u2212~\u301c\u30fc]{_CLOCK}")
_TIME = re.compile(_CLOCK)
_AFTERNOON = ("p", "\u0645", "\u5348\u5f8c")
_FULL_HOUR = re.compile(r"[:.]00(?= ?\D)")


def clock(quarter: str, reader: Locale) -> str:
    """09:00 or 9:00 AM; the end of a day is 24:00 where the clock counts so far."""
    if quarter == LAST_MIDNIGHT and "H" in reader.time_formats["short"].pattern:
        return quarter
    return clock_time(time(int(quarter[:2]) % 24, int(quarter[3:])), reader)


def full_hour(hour: int, reader: Locale) -> str:
    """09:00 or 9 AM, for a narrow column."""
    return _FULL_HOUR.sub("", clock(f"{hour:02}:00", reader))


def text_of(windows: Sequence[Sequence[str]], reader: Locale) -> str:
    """09:00-12:00, 13:00-17:00"""
    return ", ".join(f"{clock(start, reader)}-{clock(end, reader)}" for start, end in windows)


def read(text: str, path: str) -> Windows:
    """[["09:00", "12:00"]] from "9-12"; nothing from an empty text. Raises Invalid."""
    parts = list(filter(str.strip, _PARTS.split(_plain(text))))
    if len(parts) > MOST_WINDOWS:
        raise Invalid(path, "too_many", f"Join some: {MOST_WINDOWS} windows at most.")
    return list(map(partial(_window, path=path), parts))


def minute_of(text: str, path: str) -> int | None:
    """A time of day in minutes after midnight, from "9", "09:00" or "9 am"; 24:00 is 1440. None
    for an empty text. Raises Invalid.
    """
    part = " ".join(_plain(text).split())
    if not part:
        return None
    found = _TIME.fullmatch(part)
    wrong = Invalid(path, "invalid_clock", f"{part!r:.60} is no time; write it like 9 am or 09:00.")
    if found is None:
        raise wrong
    try:
        return _Side.of(*found.groups()).minute
    except ValueError:
        raise wrong from None


def overnight(text: str) -> bool:
    """Whether hours go on into the next day, as 17:00-09:00 do."""
    try:
        return any(end <= start for start, end in read(text, "hours"))
    except Invalid:
        return False


def _plain(text: str) -> str:
    """Small letters and ASCII digits; no marks of direction."""
    usual = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).lower()
    return _DIGIT.sub(lambda found: str(int(found[0])), usual)


def _window(part: str, path: str) -> list[str]:
    # One space at most: what may be many in two places takes time that grows with their square.
    found = _WINDOW.fullmatch(" ".join(part.split()))
    if found is None:
        raise _not_understood(part, path)
    sides = found.groups()
    try:
        start, end = _Side.of(*sides[:4]), _Side.of(*sides[4:])
    except ValueError:
        raise _not_understood(part, path) from None
    first, last = start.minute, end.minute
    # 1-5 pm, and 9 am-5: what has no mark is the time that lies nearest.
    if start.open and end.marked:
        first = min((first, (first + HALF) % DAY), key=lambda it: (last - it - 1) % DAY)
    if end.open and start.marked:
        last = min((last, (last + HALF) % DAY), key=lambda it: (it - first - 1) % DAY)
    # Midnight by its mark ends the day, as 24:00 does: no night is meant.
    if last == 0 and (start.marked or end.marked):
        last = DAY
    return [_wall(first), _wall(last)]


@dataclass(frozen=True, slots=True)
class _Side:
    """A beginning or an end, in minutes after midnight. `marked`: AM or PM stands beside it;
    `open`: either could.
    """

    minute: int
    marked: bool
    open: bool

    @classmethod
    def of(cls, before: str | None, hour: str, rest: str | None, after: str | None) -> Self:
        """Raises ValueError for no time of day."""
        mark, whole, minute = before or after, int(hour), int(rest or 0)
        if whole > 24 or minute > 59 or (whole == 24 and minute):
            raise ValueError(hour)
        twelve = 1 <= whole <= 12
        if mark is None:
            usual = twelve and not hour.startswith("0")
            return cls(whole * HOUR + minute, marked=False, open=usual)
        if not twelve or (before and after):
            raise ValueError(hour)
        at = whole % 12 * HOUR + minute
        if mark.startswith(_AFTERNOON):
            at += HALF
        return cls(at, marked=True, open=False)


def _wall(minute: int) -> str:
    return f"{minute // HOUR:02}:{minute % HOUR:02}"


def _not_understood(part: str, path: str) -> Invalid:
    return Invalid(
        path,
        "invalid_time",
        f"{part.strip()!r:.60} is not understood; write it like 09:00-12:30 or 9 am-12:30 pm.",
    )
