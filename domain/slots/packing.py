"""Back-to-back scheduling: of each free run, only the starts that pack it without holes."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domain.hours import DAY_SECONDS, local_days
from domain.slots.cells import GRID, Row, Span
from domain.trips import Trips

LOOK_BACK = 3 * DAY_SECONDS
"""A start's run is known from the local midnight before its own day's:
at most two days of 25 hours back.
"""


def look_back(trips: Trips) -> int:
    """The same of a coach who travels: on the way to a zone further west days are longer."""
    if trips:
        return LOOK_BACK + DAY_SECONDS
    return LOOK_BACK


def packed(open_starts: Row, zone: str, span: Span, spacing: int, trips: Trips = ()) -> Row:
    """Those of the open starts that stand a whole number of spacings (seconds) after the first of
    their run.

    A free run is a maximal run of consecutive open starts. One that was open through a whole local
    day begins anew at the next local midnight: without that, a coach who is always open would have
    no first start to count from. Spacings round up to the grid. Exact from `look_back` after
    the span's origin.
    """
    # Each start is counted from the latest anchor before it: a running maximum finds that without a
    # loop over the cells.
    closed = ~open_starts
    anchors = np.zeros(span.cells, np.int64)
    begins = np.flatnonzero(open_starts[1:] & closed[:-1]) + 1
    anchors[begins] = begins
    since, midnights = _days(zone, span, trips)
    closed_by = np.cumsum(closed)
    through = midnights[closed_by[midnights - 1] == closed_by[since] - closed[since]]
    anchors[through] = through
    cells = np.flatnonzero(open_starts)
    after = cells - np.maximum.accumulate(anchors)[cells]
    starts = np.zeros(span.cells, np.bool_)
    starts[cells[after % -(-spacing // GRID) == 0]] = True
    return starts


@lru_cache(maxsize=64)
def _days(
    zone: str, span: Span, trips: Trips
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The cells of the midnights at which the whole local days within the span begin,
    and at which they end.
    """
    days = local_days(zone, span.origin, span.end, trips)
    begins, ends = [], []
    for _, first, end in days:
        if first >= span.origin and end <= span.end - GRID:
            begins.append(span.cell(first))
            ends.append(span.cell(end))
    return np.array(begins, np.int64), np.array(ends, np.int64)
