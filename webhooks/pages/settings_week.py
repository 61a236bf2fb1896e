"""The coming week as these settings would have it: each quarter hour, open or not; and in words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from domain.hours import local_days, midnight, timezone
from domain.slots.cells import GRID
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.listings import Listing
from webhooks.http.listing import offered

DAYS = 7
HOUR = 4
USUAL = (8 * HOUR, 18 * HOUR)
"""What is shown of a week without a single open time."""


@dataclass(frozen=True, slots=True)
class SettingsDay:
    """`open`: whether a session can begin there, for each quarter hour shown. `runs`: the same as
    ("09:00", "10:30"), from the first start to the last.
    """

    day: date
    open: tuple[bool, ...]
    runs: tuple[tuple[str, str], ...]
    count: int


@dataclass(frozen=True, slots=True)
class SettingsWeek:
    """`hours`: the full hours beside the rows. `change`: open times more than what is stored has,
    or fewer.
    """

    zone: str
    duration: int
    durations: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[SettingsDay, ...]
    count: int
    change: int
    hidden: bool


def of(listing: Listing, stored: Listing, duration: int | None, now: datetime) -> SettingsWeek:
    """Of a listing that is not saved (or is), told beside the one that is."""
    length = offered(listing, duration)
    zone = timezone(listing.zone)
    today = now.astimezone(zone).date()
    until = midnight(listing.zone, today + timedelta(days=DAYS))
    asked = Asked(length, int(now.timestamp()) // GRID * GRID, until, int(now.timestamp()))
    found: list[int] = availability.starts(listing, asked).tolist()
    days = {}
    for day, first, end in local_days(listing.zone, midnight(listing.zone, today), until):
        days[day] = [_quarter(start, zone) for start in found if first <= start < end]
    low, high = _shown(list(chain.from_iterable(days.values())))
    before = 0
    if length in stored.slots.durations:
        before = len(availability.starts(stored, asked))
    return SettingsWeek(
        zone=listing.zone,
        duration=length,
        durations=listing.slots.durations,
        hours=tuple(range(low // HOUR, high // HOUR)),
        days=tuple(_day(day, quarters, low, high) for day, quarters in days.items()),
        count=len(found),
        change=len(found) - before,
        hidden=listing.effect == "hide",
    )


def _quarter(start: int, zone: object) -> int:
    wall = datetime.fromtimestamp(start, zone)  # type: ignore[arg-type]  # a ZoneInfo
    return wall.hour * HOUR + wall.minute // 15


def _shown(quarters: list[int]) -> tuple[int, int]:
    """Full hours: the usual ones, and all in which something is open."""
    low = min([*quarters, USUAL[0]]) // HOUR * HOUR
    return low, max(-(-(max(quarters, default=0) + 1) // HOUR) * HOUR, USUAL[1])


def _day(day: date, quarters: list[int], low: int, high: int) -> SettingsDay:
    there = set(quarters)
    runs: list[tuple[str, str]] = []
    for quarter in sorted(there):
        if quarter - 1 in there:
            runs[-1] = (runs[-1][0], _clock(quarter))
        else:
            runs.append((_clock(quarter), _clock(quarter)))
    open_ = tuple(map(there.__contains__, range(low, high)))
    return SettingsDay(day, open_, tuple(runs), len(quarters))


def _clock(quarter: int) -> str:
    return f"{quarter // HOUR:02}:{quarter % HOUR * 15:02}"
