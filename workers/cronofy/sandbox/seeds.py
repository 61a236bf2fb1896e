"""Who lives in a new sandbox:
people with calendars, from .ics files or from a made-up working life.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from workers.cronofy.sandbox import accounts, imports, person_actions
from workers.cronofy.sandbox.person_actions import Draft
from workers.cronofy.sandbox.world import FreeBusy, SandboxAccount, SandboxCalendar, World

WEEKS_BACK, WEEKS_AHEAD = 1, 8


@dataclass(frozen=True)
class SeedCalendar:
    """A calendar; `ics` is loaded into it. The first of a seed is the primary one."""

    name: str
    ics: Path | None = None
    readonly: bool = False
    lived_in: bool = False  # fill it with a made-up working life around now


@dataclass(frozen=True)
class Seed:
    """A person with one profile."""

    name: str
    email: str
    zone: str = "Europe/London"
    provider: str = "google"
    calendars: tuple[SeedCalendar, ...] = (SeedCalendar("SandboxCalendar"),)


DEFAULT = (
    Seed(
        "Mira Example",
        "mira@school.example",
        "Europe/London",
        "google",
        (
            SeedCalendar("Mira", lived_in=True),
            SeedCalendar("UK Holidays", readonly=True),
            SeedCalendar("Lessons"),
        ),
    ),
    Seed(
        "Jonas Beispiel",
        "jonas@schule.example",
        "Europe/Berlin",
        "office365",
        (SeedCalendar("Kalender", lived_in=True), SeedCalendar("Team")),
    ),
)
"""Enough events for several pages of free/busy and of events at the default page size."""


def plant(world: World, seeds: Sequence[Seed]) -> list[SandboxAccount]:
    """Create the people.
    Raises ControlError on an unknown zone or a file that is no calendar, OSError on none.
    """
    return [_person(world, seed) for seed in seeds]


def _person(world: World, seed: Seed) -> SandboxAccount:
    account = accounts.add_account(world, name=seed.name, email=seed.email, zone=seed.zone)
    profile = accounts.add_profile(account, provider=seed.provider, name=seed.email)
    for number, wanted in enumerate(seed.calendars):
        calendar = accounts.add_calendar(
            profile, wanted.name, primary=number == 0, readonly=wanted.readonly
        )
        _fill(world, calendar, wanted)
    return account


def _fill(world: World, calendar: SandboxCalendar, wanted: SeedCalendar) -> None:
    if wanted.ics is not None:
        imports.load(world, calendar, wanted.ics.read_bytes(), notify=False)
    if wanted.lived_in:
        now = world.clock.second()
        person_actions.add(
            world,
            calendar,
            list(_working_life(now, calendar.profile.account.zoneinfo)),
            notify=False,
        )


def _working_life(now: datetime, zone: ZoneInfo) -> Iterator[Draft]:
    """Each week: a stand-up a day, a double lesson,
    a doubtful call, lunch kept free, and every other Friday off.
    """
    # Around the sandbox's own now, not at fixed dates: a demo is as full next year as it is today.
    monday = now.astimezone(zone).date() - timedelta(days=now.astimezone(zone).weekday())
    for week in range(-WEEKS_BACK, WEEKS_AHEAD):
        days = [monday + timedelta(weeks=week, days=day) for day in range(5)]
        for day in days:
            yield _at(day, time(9, 30), 30, zone, summary="Stand-up")
        yield _at(days[1], time(14), 90, zone, summary="Double lesson")
        yield _at(days[2], time(16), 45, zone, summary="Call, perhaps", free_busy="tentative")
        yield _at(days[3], time(12), 60, zone, summary="Lunch", free_busy="free")
        if week % 2:
            yield Draft(days[4], days[4] + timedelta(days=1), "Day off")


def _at(
    day: date, at: time, minutes: int, zone: ZoneInfo, *, summary: str, free_busy: FreeBusy = "busy"
) -> Draft:
    start = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    return Draft(start, start + timedelta(minutes=minutes), summary, free_busy, tzid=zone.key)
