"""Weekly hours and overrides in a time zone, as instants. The only module that knows daylight
saving exists.

The convention for wall-clock times that a clock change removes or repeats: one that does not exist
moves forward by the gap (02:30 -> 03:30); an ambiguous one is its first occurrence when it begins a
window and its second when it ends one; a window inverted by that is empty. Python's `fold` says the
same (PEP 495): fold=0 is the first occurrence, or the time moved forward, and the later of the two
folds is the second occurrence, or the time moved forward again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Self
from zoneinfo import ZoneInfo

from domain import windows
from domain.errors import Invalid
from domain.intervals import Interval, merge
from domain.trips import Trips, zone_on
from domain.windows import WEEKDAYS, Window

DAY = timedelta(days=1)
DAY_SECONDS = 86_400
"""An elapsed day, or a UTC one. Never the way to tomorrow: local days have 23 to 25 hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a coach works: wall-clock windows in an IANA zone.
    A window belongs to the date it begins on.
    """

    zone: str
    weekly: tuple[tuple[Window, ...], ...]
    """Seven days, Monday first."""
    overrides: tuple[tuple[date, tuple[Window, ...]], ...]
    """Sorted by date. An override replaces the windows that begin on its date;
    none at all is a day off.
    """

    @classmethod
    def parse(cls, zone: str, weekly: object, overrides: object) -> Self:
        """From JSON's shape: {"mon": [["09:00", "17:00"]]} and {"2026-12-24": []}; an end at or
        before its start is on the next day, and so is "24:00". Raises Invalid with the path of the
        field.
        """
        timezone(zone)
        days = windows.mapping(weekly, "hours")
        for day in days:
            windows.check_weekday(day)
        dated = {}
        for text, listed in windows.mapping(overrides, "overrides").items():
            dated[windows.date_of(text)] = windows.parse(listed, f"overrides.{text}")
        usual = tuple(windows.parse(days.get(day, ()), f"hours.{day}") for day in WEEKDAYS)
        return cls(zone, usual, tuple(sorted(dated.items())))

    def weekly_json(self) -> dict[str, list[list[str]]]:
        """{"mon": [["09:00", "17:00"]]}; days without a window are left out."""
        return dict(_week_json(self.weekly))

    def overrides_json(self) -> dict[str, list[list[str]]]:
        """{"2026-12-24": []}; an empty list is a day off."""
        return {day.isoformat(): windows.clocks(listed) for day, listed in self.overrides}


@lru_cache(maxsize=256)
def _week_json(weekly: tuple[tuple[Window, ...], ...]) -> dict[str, list[list[str]]]:
    # Kept: most coaches of a list have one of a few weeks.
    shown = {}
    for day, listed in zip(WEEKDAYS, weekly, strict=True):
        if listed:
            shown[day] = windows.clocks(listed)
    return shown


@lru_cache(maxsize=256)
def open_windows(
    hours: Hours, since: date, until: date, trips: Trips = (), off: tuple[date, ...] = ()
) -> tuple[Interval, ...]:
    """Every window that begins on a date since <= d < until, as instants, joined where they touch
    or overlap. Those of a trip's dates are of its zone; those of the dates `off` there are not.

    Cached: resolving a season of windows costs four times the rest of a slot set.
    """
    return merge(_begun_on(hours, since, until, trips, frozenset(off)))


def _begun_on(
    hours: Hours, since: date, until: date, trips: Trips, off: frozenset[date]
) -> Iterator[Interval]:
    overrides = dict(hours.overrides)
    day = since
    while day < until:
        if day not in off:
            zone = zone_on(hours.zone, trips, day)
            for start, end in overrides.get(day, hours.weekly[day.weekday()]):
                yield _first(zone, day, start), _last(zone, day, end)
        day += DAY


# Cached, because the coaches of a zone share their mornings.
@lru_cache(maxsize=16_384)
def _first(zone: str, day: date, minute: int) -> int:
    return int(_wall(zone, day, minute).timestamp())


@lru_cache(maxsize=16_384)
def _last(zone: str, day: date, minute: int) -> int:
    wall = _wall(zone, day, minute)
    return int(max(wall.timestamp(), wall.replace(fold=1).timestamp()))


def _wall(zone: str, day: date, minute: int) -> datetime:
    # Minutes are added to the naive time: that is wall-clock arithmetic. The zone comes after it.
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=timezone(zone))


def midnight(zone: str, day: date) -> int:
    """The first instant of a local date, epoch seconds:
    01:00 where a clock change removes midnight.
    """
    return _first(zone, day, 0)


def day_bounds(zone: str, trips: Trips, day: date) -> Interval:
    """The first instant of a date where the coach is then, and that of the next one, wherever that
    is. A date that the coach skips, over the date line, ends no later than it begins.
    """
    first, last = midnight(zone_on(zone, trips, day), day), day + DAY
    end = midnight(zone_on(zone, trips, last), last)
    # Zones lie up to 26 hours apart: the date after the next may begin before the next one does.
    if trips:
        end = min(end, midnight(zone_on(zone, trips, last + DAY), last + DAY))
    return first, end


def local_days(
    zone: str, start: int, end: int, trips: Trips = ()
) -> tuple[tuple[date, int, int], ...]:
    """The local dates that overlap [start, end), in order: (date, its first instant, its end)."""
    days = []
    # No zone is a day or more away from UTC: neither are the local dates of `start` and `end`.
    day, latest = utc_date(start) - DAY, utc_date(end) + DAY
    while day <= latest:
        first, last = day_bounds(zone, trips, day)
        # `last` is `first` on a date that a zone skipped when it changed sides of the date line.
        if first < end and last > max(start, first):
            days.append((day, first, last))
        day += DAY
    return tuple(days)


def wall_instants(zone: str, since: datetime, until: datetime) -> Interval:
    """From one wall-clock time of a zone to another (both naive), as long as they can mean."""
    return _first(zone, since.date(), _minute(since)), _last(zone, until.date(), _minute(until))


def _minute(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def wall_clock(zone: str, instant: int) -> str:
    """What an instant (epoch seconds) is called there: 2026-06-02T11:00 Europe/London."""
    return f"{datetime.fromtimestamp(instant, timezone(zone)):%Y-%m-%dT%H:%M} {zone}"


def instant_of(wall: str) -> int:
    """When a local time, as `wall_clock` writes it, is by the rules of today: epoch seconds."""
    local, _, zone = wall.partition(" ")
    return int(datetime.fromisoformat(local).replace(tzinfo=timezone(zone)).timestamp())


def utc_date(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()


def timezone(key: str) -> ZoneInfo:
    """A zone by its IANA name. Raises Invalid.

    From the tzdata package, not from the machine: the same hours give the same slots wherever they
    are computed.
    """
    if isinstance(key, str) and key in zone_names():
        return _loaded(key)
    raise Invalid(
        "zone",
        "unknown_zone",
        f"{key!r:.60} is no IANA time zone; send a name such as Europe/London.",
    )


@cache
def zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def _loaded(key: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key)
