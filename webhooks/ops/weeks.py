"""Why each quarter hour of a coach's coming week is closed: a strip for every local day, and the
same in words.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from domain.hours import DAY_SECONDS, local_days
from domain.slots.cells import GRID
from domain.slots.reasons import Reason
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.listings import Listing

DAYS = 7


@dataclass(frozen=True, slots=True)
class SameReason:
    """Starts in a row that are closed for one reason; `at` and `width` are quarter hours of the
    local day.
    """

    start: int
    end: int
    reason: str
    at: float
    width: float


@dataclass(frozen=True, slots=True)
class OpsDay:
    """`cells`: how many quarter hours it has; 92 or 100 where the clocks change. Told from `at` on,
    for `width`.
    """

    day: date
    cells: int
    at: float
    width: float
    runs: tuple[SameReason, ...]
    open: int


@dataclass(frozen=True, slots=True)
class OpsWeek:
    zone: str
    days: tuple[OpsDay, ...]
    closed: tuple[tuple[str, int], ...]
    open: int


def of(listing: Listing, duration: int, now: int) -> OpsWeek:
    begin = now // GRID * GRID
    asked = Asked(duration, begin, begin + DAYS * DAY_SECONDS, now)
    runs = availability.reasons(listing, asked)
    starts: list[int] = availability.starts(listing, asked).tolist()
    counts: Counter[str] = Counter()
    for start, end, reason in runs:
        counts[reason.name] += (end - start) // GRID
    days = []
    for day, first, last in local_days(listing.zone, asked.since, asked.until):
        since, until = max(first, asked.since), min(last, asked.until)
        ops_day = OpsDay(
            day,
            cells=(last - first) // GRID,
            at=(since - first) / GRID,
            width=(until - since) / GRID,
            runs=tuple(_cut(run, first, last) for run in runs if run[0] < last and run[1] > first),
            open=sum(first <= start < last for start in starts),
        )
        days.append(ops_day)
    return OpsWeek(listing.zone, tuple(days), tuple(counts.most_common()), len(starts))


def _cut(run: tuple[int, int, Reason], first: int, last: int) -> SameReason:
    """The part of a run that lies in the day [first, last)."""
    start, end = max(run[0], first), min(run[1], last)
    return SameReason(start, end, run[2].name, (start - first) / GRID, (end - start) / GRID)
