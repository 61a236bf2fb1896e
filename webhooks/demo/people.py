"""Who plays in the demo: three coaches with sample calendars, or one coach for each file that
somebody brought.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.hours import timezone
from workers.cronofy.sandbox import ics
from workers.cronofy.sandbox.times import instant

SAMPLES = Path(__file__).parent / "calendars"
AHEAD = timedelta(days=56)  # what the demo's coaches can be booked for
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    id: str
    name: str
    provider: str
    zone: str
    calendar: Path


@dataclass(frozen=True, slots=True)
class Chapter:
    """The story of some people at one time."""

    now: datetime
    people: tuple[DemoPerson, ...]


def samples(now: datetime) -> list[Chapter]:
    people = (
        DemoPerson("mira", "Mira", "google", "Europe/London", SAMPLES / "google_mira.ics"),
        DemoPerson("jonas", "Jonas", "office365", "Europe/Berlin", SAMPLES / "outlook_jonas.ics"),
        DemoPerson("suki", "Suki", "apple", "America/New_York", SAMPLES / "apple_suki.ics"),
    )
    return [Chapter(now, people)]


def from_files(files: Sequence[Path], now: datetime, *, fixed: bool) -> list[Chapter]:
    """A chapter for each time at which some of the files have something to show.

    That is `now` when it was asked for (`fixed`) or when events lie ahead of it; else the file's
    busiest month. Raises ValueError, naming the file, for one that is no calendar.
    """
    chapters: dict[datetime, list[DemoPerson]] = {}
    for number, path in enumerate(files, start=1):
        begins = now
        if not fixed:
            begins = _worth_seeing(path, now)
        chapters.setdefault(begins, []).append(_owner(path, number))
    return [Chapter(begins, tuple(people)) for begins, people in sorted(chapters.items())]


def _owner(path: Path, number: int) -> DemoPerson:
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "calendar"
    return DemoPerson(
        f"{name}-{number}", f"the coach of {path.name}", "google", "Europe/London", path
    )


def _worth_seeing(path: Path, now: datetime) -> datetime:
    starts = _starts(path, now, now + AHEAD)
    if starts:
        return now
    months: Counter[datetime] = Counter()
    for start in _starts(path, EARLIEST, LATEST):
        months[datetime(start.year, start.month, 1, 8, tzinfo=UTC)] += 1
    if not months:
        return now
    # The latest of those that are equally busy.
    return max(months, key=lambda month: (months[month], month))


def _starts(path: Path, since: datetime, until: datetime) -> list[datetime]:
    zone = timezone("Europe/London")
    try:
        found = ics.read(path.read_bytes(), zone=zone, since=since, until=until)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return [instant(draft.start, zone) for draft in found.drafts if draft.free_busy != "free"]
