"""Why each closed quarter hour is closed, one byte a cell: never whose event, never a title."""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from functools import reduce

import numpy as np
import numpy.typing as npt

from domain.hours import Hours, day_bounds
from domain.intervals import Interval
from domain.slots.cells import Cells, Part, Row, Span
from domain.trips import Trips

Codes = npt.NDArray[np.uint8]


class Reason(IntEnum):
    """Where several hold, the one with the higher number is given; `hold` ranks right below
    `session`, whatever its number. The numbers are stored: never reuse one.
    """

    open = 0
    horizon = 1  # the three that depend on when one asks, see domain.slots.listing
    notice = 2
    untrusted = 3
    spacing = 4  # open, but between the starts that back-to-back scheduling packs
    limit = 5
    buffer = 6  # only the padding meets something: a busy period, or the gap of a session
    busy = 7
    session = 8
    outside_hours = 9
    day_off = 10
    unsettled = 11  # an event of ours stands there, where the coach put it
    away = 12
    holiday = 13
    hold = 14  # kept for somebody who fills a form; the last number that four bits have is 15


def highest(parts: Sequence[tuple[Reason, Part[np.bool_]]]) -> Part[np.uint8]:
    """The highest reason of those whose part closes a start; `open` where none does.

    What a session meets is what its quarter hours meet, so its reason is the highest of theirs: it
    is looked for once for all durations.
    """

    def part(span: Span, length: int) -> Codes:
        rows = [given(reason, closing(span, length)) for reason, closing in parts]
        return reduce(np.maximum, rows)

    return part


def given(reason: Reason, closed: Cells | Row) -> Codes:
    """The reason where it is closed, `open` elsewhere."""
    codes: Codes = closed.view(np.uint8) * np.uint8(reason)
    return codes


def name_holds(codes: Codes, held: Cells) -> None:
    """Give it to the cells that a hold meets, unless something from `session` up is there too."""
    codes[held & (codes < int(Reason.session))] = Reason.hold


def named_days(
    hours: Hours, trips: Trips, holidays: Sequence[date]
) -> list[tuple[Interval, Reason]]:
    """The whole days that are closed (epoch seconds), with what closes them."""
    named = []
    for day, windows in hours.overrides:
        if not windows:
            named.append((day_bounds(hours.zone, trips, day), Reason.day_off))
    for day in holidays:
        named.append((day_bounds(hours.zone, trips, day), Reason.holiday))
    return named


def name_days(
    codes: Codes, span: Span, shut: Cells, days: Sequence[tuple[Interval, Reason]]
) -> None:
    """Tell the days of `named_days` from other times outside working hours, which `shut` marks."""
    for (first, last), reason in days:
        cells = slice(span.cell(first), span.cell(last))
        # Only what was closed for want of hours: yesterday's window may reach into a day off.
        off = codes[:, cells]
        off[shut[:, cells] & (off < reason)] = reason


def encode(codes: Codes) -> bytes:
    """Run-length coded: for each row how many runs it has,
    then a word (first cell << 4 | reason) for each run.
    """
    turns = np.ones(codes.shape, np.bool_)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=turns[:, 1:])
    places = np.flatnonzero(turns)
    rows, width = codes.shape
    begins = np.arange(rows + 1) * width
    ends = np.searchsorted(places, begins)
    runs = ends[1:] - ends[:-1]
    words = places - np.repeat(begins[:-1], runs) << 4 | codes.reshape(-1)[places]
    return np.concatenate((runs, words)).astype("<u4").tobytes()


def decode(coded: bytes, row: int, *, rows: int, cells: int) -> Codes:
    """One row that `encode` coded, a reason a cell."""
    counts = np.frombuffer(coded, "<u4", rows)
    first = rows + int(counts[:row].sum())
    words = np.frombuffer(coded, "<u4", int(counts[row]), 4 * first)
    return np.repeat((words & 15).astype(np.uint8), np.diff(words >> 4, append=cells))
