"""Which quarter-hour starts meet which periods: the kernel that slots and their reasons are made
of.

Nothing is merged or sorted. A session of duration d that starts at s meets a period [b0, b1) iff b0
< s + d and b1 > s. Because b0 < b1, every period that ended by s also began before s + d; so s is
clear of all of them exactly when as many periods ended by s as began before s + d. Both counts are
running totals over the quarter hours, and the second, looked up d later, serves every duration that
is a multiple of a quarter hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domain.hours import DAY_SECONDS, Hours, open_windows, utc_date
from domain.intervals import Interval, clip, subtract
from domain.trips import Trips

GRID = 900
"""Seconds between starts: a quarter hour,
the same for every viewer because every zone's offset is a multiple.
"""

Periods = npt.NDArray[np.int64]
"""Shape (n, 2): [start,
end) in UTC epoch seconds, start < end, in any order, overlapping or not.
"""
NO_PERIODS: Periods = np.empty((0, 2), np.int64)
Counts = npt.NDArray[np.intp]
Cells = npt.NDArray[np.bool_]
"""Shape (durations, cells)."""
Row = npt.NDArray[np.bool_]
"""Shape (cells,)."""


@dataclass(frozen=True, slots=True)
class Span:
    """`cells` quarter-hour starts from `origin` (epoch seconds, a multiple of GRID)."""

    origin: int
    cells: int

    @property
    def end(self) -> int:
        return self.origin + self.cells * GRID

    def starts(self) -> npt.NDArray[np.int64]:
        return np.arange(self.origin, self.end, GRID)

    def cell(self, instant: int) -> int:
        """The first cell that starts at or after the instant, held within 0..cells."""
        return min(max(-((self.origin - instant) // GRID), 0), self.cells)


def clear(span: Span, durations: Sequence[int], periods: Periods) -> Cells:
    """Whether [s, s + duration) meets no period, per duration (seconds) and start.

    Buffers are part of the periods: pad them with `padded`. O(cells + periods).
    """
    ended = _running(periods[:, 1] + (GRID - 1 - span.origin), span.cells)
    found = np.empty((len(durations), span.cells), np.bool_)
    begun: dict[int, Counts] = {}
    reach = span.cells + max(durations) // GRID
    for row, duration in enumerate(durations):
        shift, rest = divmod(duration, GRID)
        if rest not in begun:
            begun[rest] = _running(periods[:, 0] + (GRID - rest - span.origin), reach)
        np.equal(ended, begun[rest][shift : shift + span.cells], out=found[row])
    return found


def _running(seconds: npt.NDArray[np.int64], size: int) -> Counts:
    """How many of `seconds // GRID` are <= k, for each k < size.
    Works in place: `seconds` is the caller's to lose.
    """
    seconds //= GRID
    np.maximum(seconds, 0, out=seconds)
    np.minimum(seconds, size, out=seconds)
    running: Counts = np.bincount(seconds, minlength=size + 1)[:size].cumsum()
    return running


def padded(periods: Periods, before: int, after: int) -> Periods:
    """Periods grown so that a session keeps `before` seconds free ahead
    of it and `after` seconds behind it.
    """
    grown: Periods = periods + np.array((-after, before))
    return grown


@lru_cache(maxsize=512)
def closed_periods(
    hours: Hours, start: int, end: int, trips: Trips = (), off: tuple[date, ...] = ()
) -> Periods:
    """The gaps between working hours within [start,
    end), read-only. Cached, like the windows they come from (`domain.hours.open_windows`).
    """
    # A local date may lie a UTC date apart, a window begin the day before, and a date be skipped.
    near = 3 * DAY_SECONDS
    windows = open_windows(hours, utc_date(start - near), utc_date(end + near), trips, off)
    periods = columns(subtract([(start, end)], clip(windows, (start, end))))
    periods.setflags(write=False)
    return periods


def columns(intervals: Sequence[Interval]) -> Periods:
    """Intervals as periods whose starts lie side by side in memory, and their ends:
    twice as fast to add up.
    """
    return np.asfortranarray(np.array(intervals, np.int64).reshape(-1, 2))
