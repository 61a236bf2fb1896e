"""P1's work as it is done with libraries that know of times: each peer of the group `peers`.

Each answers the very bits that `domain.slots.build` does, and raises ImportError where its library
is not installed. Working hours come from ours in all of them: what is compared is the search.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from domain.hours import DAY_SECONDS, open_windows, utc_date
from domain.slots.cells import GRID, Periods
from tests.benchmarks.slot_work import CELLS, COACH, DAYS, ORIGIN

PAD = 60 * COACH.pre


def with_dateutil(busy: Periods) -> bytes:
    """A rule names each window's starts; a sorted list of busy times is searched by bisection."""
    from dateutil.rrule import MINUTELY, rrule

    merged = _merged(busy)
    begins, ends = [low for low, _ in merged], [high for _, high in merged]
    found = _Found()
    for row, minutes in enumerate(COACH.durations):
        for opens, closes in _windows():
            last = closes - 60 * minutes
            if last < opens:
                continue
            first, until = _instant(opens), _instant(last)
            for moment in rrule(MINUTELY, interval=GRID // 60, dtstart=first, until=until):
                start = int(moment.timestamp())
                low, high = start - PAD, start + 60 * minutes + PAD
                if bisect_left(begins, high) == bisect_right(ends, low):
                    found.add(row, start)
    return found.packed()


def with_portion(busy: Periods) -> bytes:
    """Working hours less padded busy times, as sets of intervals; then the starts that fit."""
    import portion

    taken = portion.Interval(
        *(portion.closedopen(low - PAD, high + PAD) for low, high in _merged(busy))
    )
    found = _Found()
    for opens, closes in _windows():
        free = portion.closedopen(opens, closes) - taken
        for part in free:
            if not part.empty:
                found.fit(part.lower, part.upper)
    return found.packed()


def with_intervaltree(busy: Periods) -> bytes:
    """Each start is asked for what it meets."""
    from intervaltree import IntervalTree

    tree = IntervalTree.from_tuples(_merged(busy))
    found = _Found()
    for row, start, low, high in _candidates():
        if not tree.overlaps(low, high):
            found.add(row, start)
    return found.packed()


def with_pandas(busy: Periods) -> bytes:
    """All starts as one column, searched for in the merged busy times."""
    import pandas as pd

    frame = pd.DataFrame(np.asarray(busy), columns=["start", "end"]).sort_values("start")
    group = (frame["start"] > frame["end"].cummax().shift()).cumsum()
    merged = frame.groupby(group).agg({"start": "min", "end": "max"})
    begins, ends = merged["start"].to_numpy(), merged["end"].to_numpy()
    found = _Found()
    for row, minutes in enumerate(COACH.durations):
        parts = []
        for opens, closes in _windows():
            parts.append(np.arange(opens, closes - 60 * minutes + 1, GRID))
        starts = pd.Series(np.concatenate(parts))
        before_end = np.searchsorted(begins, starts + 60 * minutes + PAD, side="left")
        before_start = np.searchsorted(ends, starts - PAD, side="right")
        open_starts = starts[before_end == before_start].to_numpy()
        found.cells[row, (open_starts - ORIGIN) // GRID] = True
    return found.packed()


PEERS: dict[str, Callable[[Periods], bytes]] = {
    "pandas": with_pandas,
    "dateutil": with_dateutil,
    "portion": with_portion,
    "intervaltree": with_intervaltree,
}


class _Found:
    def __init__(self) -> None:
        self.cells = np.zeros((len(COACH.durations), CELLS), np.bool_)

    def add(self, row: int, start: int) -> None:
        self.cells[row, (start - ORIGIN) // GRID] = True

    def fit(self, low: int, high: int) -> None:
        """Every start on the grid whose session lies within."""
        first = -(-low // GRID) * GRID
        for row, minutes in enumerate(COACH.durations):
            for start in range(first, high - 60 * minutes + 1, GRID):
                self.add(row, start)

    def packed(self) -> bytes:
        return np.packbits(self.cells, axis=1).tobytes()


def _windows() -> list[tuple[int, int]]:
    first, last = utc_date(ORIGIN), utc_date(ORIGIN + DAYS * DAY_SECONDS)
    return list(open_windows(COACH.hours, first, last))


def _candidates() -> Iterator[tuple[int, int, int, int]]:
    """Row, start, and what has to be free around it."""
    for row, minutes in enumerate(COACH.durations):
        for opens, closes in _windows():
            for start in range(opens, closes - 60 * minutes + 1, GRID):
                yield row, start, start - PAD, start + 60 * minutes + PAD


def _merged(busy: Periods) -> list[tuple[int, int]]:
    """In order, none meeting another."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(busy.tolist()):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    return merged


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
