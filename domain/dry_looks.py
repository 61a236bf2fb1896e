"""What a read of a coach's calendars would change, told before anything of it is stored: times, and
never a title.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from domain.slots import Starts
from domain.slots.listing import render

SHOWN = 12
"""Of a long list, the soonest few are told by name."""
Period = tuple[int, int]
"""Start and end, epoch seconds."""
LAST = 253_402_300_799
"""The end of the year 9999: providers write later ones, and no date has them."""


@dataclass(frozen=True, slots=True)
class PeriodsTold:
    """How many busy periods, and the soonest few: [start, end] each."""

    count: int
    first: list[list[str]]


@dataclass(frozen=True, slots=True)
class StartsTold:
    """What would open and close for sessions of `duration` minutes, the soonest few by name."""

    duration: int
    opened: int
    closed: int
    opened_first: list[str]
    closed_first: list[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Between what is stored and what was just read of all of the coach's accounts."""

    accounts: int
    added: PeriodsTold
    removed: PeriodsTold
    starts: list[StartsTold]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def told_periods(periods: Collection[Period]) -> PeriodsTold:
    first = []
    for start, end in sorted(periods)[:SHOWN]:
        first.append([_text(start), _text(end)])
    return PeriodsTold(len(periods), first)


def told_starts(duration: int, before: Starts, after: Starts) -> StartsTold:
    opened, closed = np.setdiff1d(after, before), np.setdiff1d(before, after)
    return StartsTold(
        duration,
        len(opened),
        len(closed),
        render(opened[:SHOWN].tolist()),
        render(closed[:SHOWN].tolist()),
    )


def _text(instant: int) -> str:
    moment = datetime.fromtimestamp(min(max(instant, 0), LAST), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
