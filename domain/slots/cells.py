"""Which quarter-hour starts meet which periods: the kernel that slots and their reasons are made
of.

Nothing is merged or sorted. A session of a quarter hour that starts at s meets a period [b0, b1)
iff b0 < s + 900 and b1 > s. So each period is met by neighbouring starts: it adds one at the first
of them, and takes it away behind the last. The running total over the starts says how many periods
each of them meets. A longer session meets what its quarter hours meet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter

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
Counts = npt.NDArray[np.int64]
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


Part = Callable[[Span, int], Row]
"""Whether [s, s + length) is closed, per start of the span; a length in seconds, at most GRID."""


def meeting(span: Span, durations: Sequence[int], part: Part) -> Cells:
    """Whether [s, s + duration) meets a period, per duration (seconds) and start.

    `part` says so for a quarter hour or less, such as `touching` of some periods; it is asked for
    more starts than the span has, as many as the longest duration reaches.
    """
    reach = Span(span.origin, span.cells + max(durations) // GRID)
    found = np.empty((len(durations), span.cells), np.bool_)
    quarter = part(reach, GRID)
    # What the first `quarters` quarter hours of a session meet: the longer one goes on from there.
    met, quarters = np.zeros(span.cells, np.bool_), 0
    for row, duration in sorted(enumerate(durations), key=itemgetter(1)):
        whole, rest = divmod(duration, GRID)
        for shift in range(quarters, whole):
            met |= quarter[shift : shift + span.cells]
        quarters = whole
        found[row] = met
        if rest:
            found[row] |= part(reach, rest)[whole : whole + span.cells]
    return found


def touching(periods: Periods) -> Part:
    """Whether a start meets one of the periods. Buffers are part of them: pad them with `padded`.
    O(cells + periods).
    """

    def part(span: Span, length: int) -> Row:
        change = _counted(periods[:, 0] + (GRID - length - span.origin), span.cells)
        change -= _counted(periods[:, 1] + (GRID - 1 - span.origin), span.cells)
        row: Row = change.cumsum() > 0
        return row

    return part


def outside(hours: Hours, trips: Trips = (), off: tuple[date, ...] = ()) -> Part:
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


def _counted(seconds: npt.NDArray[np.int64], size: int) -> Counts:
    """How many of `seconds // GRID` are k, for each k < size; those below zero count as zero.
    Works in place: `seconds` is the caller's to lose.
    """
    seconds //= GRID
    np.maximum(seconds, 0, out=seconds)
    np.minimum(seconds, size, out=seconds)
    counts: Counts = np.bincount(seconds, minlength=size + 1)[:size]
    return counts


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
