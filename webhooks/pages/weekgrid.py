"""A week of a coach's open starts as a grid: a column for each local day of the reader's, a row for
each quarter hour.

A clock time that comes twice on an autumn night has a row each time, and one that never comes has
an empty cell.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.hours import local_days, midnight
from domain.slots.cells import GRID
from webhooks.pages import formats

DAYS = 7
QUARTER = 15
OFFICE = (9 * 60, 17 * 60)
"""What is shown of a week in which nothing is open."""

BEYOND = "horizon"

Key = tuple[int, int]
"""Minute of the day, and 1 for its second coming."""
Frame = tuple[int, int]
"""The minutes of the day that are shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`start`: epoch seconds; None where the clock never shows this time. `reason`: why it is
    closed, where told.
    """

    start: int | None
    open: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    time: str
    again: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class WeekGrid:
    zone: str
    days: tuple[date, ...]
    rows: tuple[GridRow, ...]
    frame: Frame
    open: int

    @property
    def reasons(self) -> list[str]:
        """Those that are told, each once."""
        return sorted({cell.reason for row in self.rows for cell in row.cells if cell.reason})


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
    columns = [
        (day, _keyed(zone, first, last))
        for day, first, last in local_days(zone, *bounds(zone, monday))
    ]
    frame = _frame(
        [minute for _, keyed in columns for (minute, _), at in keyed.items() if at in open_],
        minutes,
        shown,
    )
    # The longest day has every clock time of the others, in the order in which they come.
    longest = max((keyed for _, keyed in columns), key=len)
    rows = tuple(
        GridRow(
            f"{key[0] // 60:02}:{key[0] % 60:02}",
            bool(key[1]),
            tuple(_cell(keyed.get(key), open_, closed) for _, keyed in columns),
        )
        for key in longest
        if frame[0] <= key[0] < frame[1]
    )
    return WeekGrid(zone, tuple(day for day, _ in columns), rows, frame, len(open_))


def _keyed(zone: str, first: int, last: int) -> dict[Key, int]:
    """The quarter hours of a day by what the clock shows, in the order in which they come."""
    moments = ((formats.local(instant, zone), instant) for instant in range(first, last, GRID))
    return {(60 * at.hour + at.minute, at.fold): instant for at, instant in moments}


def _cell(start: int | None, open_: Collection[int], closed: Mapping[int, str] | None) -> Cell:
    if start is None or start in open_ or closed is None:
        return Cell(start, start in open_)
    return Cell(
        start, open=False, reason=closed.get(start, BEYOND)
    )  # where the set ends, so does what is known


def _frame(open_minutes: list[int], minutes: int, shown: Frame | None) -> Frame:
    """Whole hours around what is open; it never shrinks while somebody looks at it."""
    first, last = shown or ((24 * 60, 0) if open_minutes else OFFICE)
    if open_minutes:
        first = min(first, min(open_minutes) // 60 * 60)
        last = max(last, min(24 * 60, -(-(max(open_minutes) + max(minutes, QUARTER)) // 60) * 60))
    return first, last
