"""Plots as SVG, drawn here: lines over time with gaps where nothing was measured, and the same as a
table.

Axis labels are HTML beside the drawing, so that a drawing can be stretched and its text cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10

WIDTH, HEIGHT = 600, 120
TICKS = 5
MOST_ROWS = 12
GAP = 2.5
"""A line is broken where so many spans in a row hold nothing."""

Series = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of a plot: the sample's name, what people call it, and the class that gives it colour
    and dashes.
    """

    name: str
    label: str
    look: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a plot shows, before there is anything to show."""

    id: str
    title: str
    unit: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class PlotRange:
    since: datetime
    until: datetime
    every: timedelta


@dataclass(frozen=True, slots=True)
class PlotLine:
    figure: Figure
    pieces: tuple[str, ...]
    """Each the `points` of a polyline."""
    latest: float | None
    peak: float | None


@dataclass(frozen=True, slots=True)
class Plot:
    sheet: Sheet
    lines: tuple[PlotLine, ...]
    top: float
    ticks: tuple[datetime, ...]
    rows: tuple[tuple[datetime, tuple[float | None, ...]], ...]

    @property
    def empty(self) -> bool:
        return not any(line.pieces for line in self.lines)


SHEETS = (
    Sheet(
        "latency",
        "Push to visible",
        "ms",
        (
            Figure("push_visible_p50", "p50", "one"),
            Figure("push_visible_p95", "p95", "two"),
            Figure("push_visible_p99", "p99", "three"),
        ),
    ),
    Sheet(
        "freshness",
        "Coaches whose calendars are not fresh",
        "",
        (
            Figure("coaches_stale", "stale", "two"),
            Figure("coaches_disconnected", "disconnected", "three"),
        ),
    ),
    Sheet(
        "backlog",
        "Owed",
        "",
        (Figure("refresh_backlog", "reads", "one"), Figure("outbox_pending", "messages", "two")),
    ),
    Sheet(
        "ages",
        "Oldest owed",
        "s",
        (
            Figure("refresh_backlog_age", "read", "one"),
            Figure("outbox_oldest_age", "message", "two"),
        ),
    ),
    Sheet(
        "reconciled",
        "Without a push, every calendar is read within",
        "s",
        (Figure("reconcile_longest", "longest turn", "one"),),
    ),
)
NAMES = tuple(figure.name for sheet in SHEETS for figure in sheet.figures)


def draw(sheet: Sheet, found: dict[str, list[tuple[datetime, float]]], over: PlotRange) -> Plot:
    columns = [found[figure.name] for figure in sheet.figures]
    top = nice(_highest(columns))
    lines = []
    for figure, series in zip(sheet.figures, columns, strict=True):
        line = _line(figure, series, over, top)
        lines.append(line)
    step = (over.until - over.since) / (TICKS - 1)
    ticks = tuple(over.since + number * step for number in range(TICKS))
    return Plot(sheet, tuple(lines), top, ticks, _rows(columns, over))


def _highest(columns: Sequence[Series]) -> float:
    highest = 0.0
    for series in columns:
        for _, value in series:
            highest = max(highest, value)
    return highest


def nice(highest: float) -> float:
    """The least of 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, ... that is not below it."""
    if highest <= 1:
        return 1.0
    ten = 10.0 ** floor(log10(highest))
    for step in (1, 2, 3, 4, 5, 6, 8):
        if step * ten >= highest:
            return step * ten
    return 10 * ten


def _line(figure: Figure, series: Series, over: PlotRange, top: float) -> PlotLine:
    pieces: list[list[str]] = []
    values = []
    before: datetime | None = None
    for at, value in series:
        if before is None or at - before > GAP * over.every:
            pieces.append([])
        pieces[-1].append(_point(at, value, over, top))
        before = at
        values.append(value)
    # A lone point is a line to itself: with round ends it is seen.
    for piece in pieces:
        if len(piece) == 1:
            piece.append(piece[0])
    joined = tuple(map(" ".join, pieces))
    if not values:
        return PlotLine(figure, joined, None, None)
    return PlotLine(figure, joined, values[-1], max(values))


def _point(at: datetime, value: float, over: PlotRange, top: float) -> str:
    x = WIDTH * max(0.0, (at - over.since) / (over.until - over.since))
    return f"{x:.1f},{HEIGHT * (1 - value / top):.1f}"


def _rows(
    columns: Sequence[Series], over: PlotRange
) -> tuple[tuple[datetime, tuple[float | None, ...]], ...]:
    """The highest of each line in each of a dozen spans; spans in which nothing was measured are
    left out.
    """
    spans = ceil((over.until - over.since) / over.every)
    width = over.every * ceil(spans / MOST_ROWS)
    table: dict[int, list[float | None]] = {}
    for place, series in enumerate(columns):
        for at, value in series:
            row = table.setdefault((at - over.since) // width, [None] * len(columns))
            row[place] = max(value, row[place] or 0.0)
    rows = []
    for number, highest in sorted(table.items()):
        begin = over.since + number * width
        rows.append((begin, tuple(highest)))
    return tuple(rows)
