"""A week of a coach's open starts as a grid: a column for each local day of the reader's, a row for
each quarter hour.

A clock time that comes twice on an autumn night has a row each time, and a cell that says which of
the two it is. On a day on which a time never comes, or comes but once, there is a cell that says
so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from domain.hours import local_days, midnight
from domain.slots.cells import GRID
from webhooks.pages import formats

DAYS = 7
DAY_MINUTES = 24 * 60
QUARTER = 15
OFFICE = (9 * 60, 17 * 60)
"""What is shown of a week in which nothing is open."""

LONG = 8
"""Rows; what is closed for so long is folded."""

Key = tuple[int, int]
"""Minute of the day, and 1 for its second coming."""
Frame = tuple[int, int]
"""The minutes of the day that are shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`start`: epoch seconds; None where the clock does not show this time. `reason`: why it is
    closed, where told.
    `offset`: GMT+01:00, where the clock shows this time twice that day.
    """

    start: int | None
    open: bool
    reason: str | None = None
    offset: str | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    """`until`: where a long stretch that is closed all week ends, which is one row; the cells are
    its first ones.
    """

    time: str
    again: bool
    cells: tuple[Cell, ...]
    until: str | None = None

    @property
    def quarter(self) -> int:
        """Of a day on which no clock changes: the number of this quarter hour."""
        return int(self.time[:2]) * 4 + int(self.time[3:]) // QUARTER

    @property
    def told(self) -> bool:
        """Whether a reason is told of one of its cells."""
        return any(cell.reason for cell in self.cells)

    @property
    def folds(self) -> bool:
        return not any(cell.open or cell.reason for cell in self.cells)


@dataclass(frozen=True, slots=True)
class WeekGrid:
    zone: str
    days: tuple[date, ...]
    rows: tuple[GridRow, ...]
    frame: Frame
    open: int
    offsets: tuple[tuple[str, ...], ...]
    """Of each day: the one it has, or the two that it changes from and to."""

    @property
    def counts(self) -> list[int]:
        """How many open times each day has."""
        counts = [0] * len(self.days)
        for row in self.rows:
            for number, cell in enumerate(row.cells):
                counts[number] += cell.open
        return counts

    @property
    def changed(self) -> int | None:
        """The number of the day on which the clocks change, if there is one."""
        for number, offsets in enumerate(self.offsets):
            if len(offsets) > 1:
                return number
        return None

    @property
    def reasons(self) -> list[str]:
        """Those that are told, each once."""
        found: set[str] = set()
        for row in self.rows:
            for cell in row.cells:
                if cell.reason:
                    found.add(cell.reason)
        return sorted(found)


def bounds(zone: str, monday: date) -> tuple[int, int]:
    """The week in epoch seconds."""
    return midnight(zone, monday), midnight(zone, monday + timedelta(days=DAYS))


def draw(
    zone: str,
    monday: date,
    starts: Collection[int],
    minutes: int,
    *,
    shown: Frame | None = None,
    closed: Mapping[int, str] | None = None,
) -> WeekGrid:
    """`starts`: what is open, for sessions of so many minutes; `shown`: what is shown at least, as
    it was before;
    `closed`: why what is not open is so, for whoever is told.
    """
    open_ = frozenset(starts)
    days, columns, offsets = [], [], []
    open_minutes: list[int] = []
    for day, first, last in local_days(zone, *bounds(zone, monday)):
        keyed = _keyed(zone, first, last)
        days.append(day)
        columns.append(keyed)
        offsets.append(formats.offsets(zone, first, last))
        open_minutes += [minute for (minute, _), start in keyed.items() if start in open_]
    frame = _frame(open_minutes, minutes, shown)
    rows = []
    # The longest day has every clock time of the others, in the order in which they come.
    for key in max(columns, key=len):
        minute, again = key
        if frame[0] <= minute < frame[1]:
            cells = tuple(_cell(key, keyed, zone, open_, closed) for keyed in columns)
            rows.append(GridRow(_clock(minute), bool(again), cells))
    folded = tuple(_folded(rows, frame[1]))
    return WeekGrid(zone, tuple(days), folded, frame, len(open_), tuple(offsets))


def _keyed(zone: str, first: int, last: int) -> dict[Key, int]:
    """The quarter hours of a day by what the clock shows, in the order in which they come."""
    keyed = {}
    for instant in range(first, last, GRID):
        at = formats.local(instant, zone)
        keyed[60 * at.hour + at.minute, at.fold] = instant
    return keyed


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _cell(
    key: Key,
    keyed: Mapping[Key, int],
    zone: str,
    open_: Collection[int],
    closed: Mapping[int, str] | None,
) -> Cell:
    start, (minute, second) = keyed.get(key), key
    if start is None:
        return Cell(None, open=False)
    offset = None
    if (minute, 1 - second) in keyed:
        offset = formats.offset(start, zone)
    if start in open_ or closed is None:
        return Cell(start, start in open_, offset=offset)
    return Cell(start, open=False, reason=closed.get(start), offset=offset)


def _folded(rows: Sequence[GridRow], end: int) -> Iterator[GridRow]:
    """Long stretches in which nothing is open as a row each."""
    following = 0
    for closed, group in groupby(rows, key=lambda row: row.folds):
        run = list(group)
        following += len(run)
        if not closed or not LONG <= len(run) < len(rows):
            yield from run
        elif following == len(rows):
            yield replace(run[0], until=_clock(end))
        else:
            yield replace(run[0], until=rows[following].time)


def _frame(open_minutes: list[int], minutes: int, shown: Frame | None) -> Frame:
    """Whole hours around what is open; it never shrinks while somebody looks at it."""
    if not open_minutes:
        return shown or OFFICE
    first, last = shown or (DAY_MINUTES, 0)
    end = max(open_minutes) + max(minutes, QUARTER)
    first = min(first, min(open_minutes) // 60 * 60)
    last = max(last, min(DAY_MINUTES, -(-end // 60) * 60))
    return first, last
