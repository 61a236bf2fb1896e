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
QUARTER = 15
OFFICE = (9 * 60, 17 * 60)
"""What is shown of a week in which nothing is open."""

LONG = 8
"""Rows; what is closed for so long is folded."""

BEYOND = "horizon"

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
    def counts(self) -> tuple[int, ...]:
        """How many open times each day has."""
        found = [0] * len(self.days)
        for row in self.rows:
            for number, cell in enumerate(row.cells):
                found[number] += cell.open
        return tuple(found)

    @property
    def changed(self) -> int | None:
        """The number of the day on which the clocks change, if there is one."""
        for number, its in enumerate(self.offsets):
            if len(its) > 1:
                return number
        return None

    @property
    def reasons(self) -> list[str]:
        """Those that are told, each once."""
        found = set()
        for row in self.rows:
            found |= {cell.reason or "" for cell in row.cells}
        return sorted(found - {""})


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
    for day, first, last in local_days(zone, *bounds(zone, monday)):
        days.append(day)
        columns.append(_keyed(zone, first, last))
        offsets.append(formats.offsets(zone, first, last))
    frame = _frame(_open_minutes(columns, open_), minutes, shown)
    rows = []
    # The longest day has every clock time of the others, in the order in which they come.
    for key in max(columns, key=len):
        if frame[0] <= key[0] < frame[1]:
            cells = tuple(_cell(key, keyed, zone, open_, closed) for keyed in columns)
            rows.append(GridRow(_clock(key[0]), bool(key[1]), cells))
    folded = tuple(_folded(rows, frame[1]))
    return WeekGrid(zone, tuple(days), folded, frame, len(open_), tuple(offsets))


def _open_minutes(columns: Sequence[Mapping[Key, int]], open_: Collection[int]) -> list[int]:
    """The clock times at which something is open, on any day."""
    found = []
    for keyed in columns:
        found += [minute for (minute, _), at in keyed.items() if at in open_]
    return found


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _keyed(zone: str, first: int, last: int) -> dict[Key, int]:
    """The quarter hours of a day by what the clock shows, in the order in which they come."""
    found = {}
    for instant in range(first, last, GRID):
        at = formats.local(instant, zone)
        found[60 * at.hour + at.minute, at.fold] = instant
    return found


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
    if (minute, 1 - second) in keyed:  # the clock shows it twice
        offset = formats.offset(start, zone)
    if start in open_ or closed is None:
        return Cell(start, start in open_, offset=offset)
    reason = closed.get(start, BEYOND)  # where the set ends, so does what is known
    return Cell(start, open=False, reason=reason, offset=offset)


def _folded(rows: Sequence[GridRow], end: int) -> Iterator[GridRow]:
    """Long stretches in which nothing is open as a row each."""
    ends = [*(row.time for row in rows[1:]), _clock(end)]
    for closed, group in groupby(zip(rows, ends, strict=True), key=lambda pair: pair[0].folds):
        run = list(group)
        if closed and LONG <= len(run) < len(rows):
            yield replace(run[0][0], until=run[-1][1])
        else:
            yield from (row for row, _ in run)


def _frame(open_minutes: list[int], minutes: int, shown: Frame | None) -> Frame:
    """Whole hours around what is open; it never shrinks while somebody looks at it."""
    first, last = shown or ((24 * 60, 0) if open_minutes else OFFICE)
    if open_minutes:
        first = min(first, min(open_minutes) // 60 * 60)
        last = max(last, min(24 * 60, -(-(max(open_minutes) + max(minutes, QUARTER)) // 60) * 60))
    return first, last
