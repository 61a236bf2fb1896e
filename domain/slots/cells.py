"""Which quarter-hour starts meet which periods: the kernel that slots and their reasons are made
of.

A session of a quarter hour that starts at s meets a period [b0, b1) iff b0 < s + 900 and b1 > s. So
each period is met by neighbouring starts, from a first one to behind a last one. A longer session
meets what its quarter hours meet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

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
Cells = npt.NDArray[np.bool_]
"""Shape (durations, cells)."""
Row = npt.NDArray[np.bool_]
"""Shape (cells,)."""
Places = npt.NDArray[np.int32]
"""Numbers of cells."""


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


T = TypeVar("T", np.bool_, np.uint8)
Part = Callable[[Span, int], npt.NDArray[T]]
"""Whether, or why, [s, s + length) is closed, per start of the span; a length in seconds, at most
GRID.
"""


def meeting(span: Span, durations: Sequence[int], part: Part[T]) -> npt.NDArray[T]:
    """The most that [s, s + duration) meets, per duration (seconds) and start.

    `part` says so for a quarter hour or less, such as `touching` of some periods; it is asked for
    more starts than the span has, as many as the longest duration reaches.
    """
    reach = Span(span.origin, span.cells + max(durations) // GRID)
    quarter = part(reach, GRID)
    found = np.empty((len(durations), span.cells), quarter.dtype)
    # What the first `quarters` quarter hours of a session meet: the longer one goes on from there.
    met, quarters = np.zeros(span.cells, quarter.dtype), 0
    for row, duration in sorted(enumerate(durations), key=itemgetter(1)):
        whole, rest = divmod(duration, GRID)
        for shift in range(quarters, whole):
            np.maximum(met, quarter[shift : shift + span.cells], out=met)
        quarters = whole
        found[row] = met
        if rest:
            last = part(reach, rest)[whole : whole + span.cells]
            np.maximum(found[row], last, out=found[row])
    return found


def touching(periods: Periods) -> Part[np.bool_]:
    """Whether a start meets one of the periods. Buffers are part of them: pad them with `padded`.
    O(cells + n log n) for n periods.
    """

    def part(span: Span, length: int) -> Row:
        if not len(periods):
            return np.zeros(span.cells, np.bool_)
        firsts = _cells(periods[:, 0] + (GRID - length - span.origin))
        ends = _cells(periods[:, 1] + (GRID - 1 - span.origin))
        return _between(firsts, ends, span.cells)

    return part


def _cells(seconds: npt.NDArray[np.int64]) -> Places:
    """`seconds // GRID` in ascending order. Works in place: `seconds` is the caller's to lose."""
    seconds //= GRID
    cells = seconds.astype(np.int32)  # sorted in half the time
    cells.sort()
    return cells


def _between(firsts: Places, ends: Places, size: int) -> Row:
    """Whether each of `size` cells lies in a range. `firsts` are where they begin and `ends` where
    they end, each in ascending order: it need not be known which end is whose.
    """
    # When the i-th range begins, i have begun before it. Where as many have ended, there is a gap.
    gaps = (firsts[1:] > ends[:-1]).nonzero()[0]
    edges = np.empty(2 * len(gaps) + 2, np.int64)
    edges[0], edges[-1] = firsts[0], ends[-1]
    edges[2::2] = firsts[gaps + 1]
    edges[1:-1:2] = ends[gaps]
    np.maximum(edges, 0, out=edges)
    np.minimum(edges, size, out=edges)
    lengths = np.empty(len(edges) + 1, np.int64)
    lengths[0], lengths[-1] = edges[0], size - edges[-1]
    np.subtract(edges[1:], edges[:-1], out=lengths[1:-1])
    closed = np.zeros(len(lengths), np.bool_)
    closed[1::2] = True
    return closed.repeat(lengths)


def outside(hours: Hours, trips: Trips = (), off: tuple[date, ...] = ()) -> Part[np.bool_]:
    """Whether a start does not lie within working hours; rows are read-only."""
    return lambda span, length: _outside(span, length, hours, trips, off)


@lru_cache(maxsize=256)
def _outside(span: Span, length: int, hours: Hours, trips: Trips, off: tuple[date, ...]) -> Row:
    """Kept, like the windows it comes from (`domain.hours.open_windows`): hours change more rarely
    than calendars. A row of a year is 35 kB.
    """
    closed = closed_periods(hours, span.origin, span.end, trips, off)
    row = touching(closed)(span, length)
    row.setflags(write=False)
    return row


def padded(periods: Periods, before: int, after: int) -> Periods:
    """Periods grown so that a session keeps `before` seconds free ahead
    of it and `after` seconds behind it.
    """
    grown: Periods = periods + np.array((-after, before))
    return grown


def closed_periods(
    hours: Hours, start: int, end: int, trips: Trips = (), off: tuple[date, ...] = ()
) -> Periods:
    """The gaps between working hours within [start, end)."""
    # A local date may lie a UTC date apart, a window begin the day before, and a date be skipped.
    near = 3 * DAY_SECONDS
    windows = open_windows(hours, utc_date(start - near), utc_date(end + near), trips, off)
    return columns(subtract([(start, end)], clip(windows, (start, end))))


def columns(intervals: Sequence[Interval]) -> Periods:
    """Intervals as periods whose starts lie side by side in memory, and their ends:
    twice as fast to add up.
    """
    return np.asfortranarray(np.array(intervals, np.int64).reshape(-1, 2))
