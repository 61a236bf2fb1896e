"""Why each closed quarter hour is closed, one byte a cell: never whose event, never a title."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from domain.hours import Hours, day_bounds
from domain.slots.cells import Cells, Row, Span
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


def explain(
    span: Span,
    hours: Hours,
    layers: Mapping[Reason, Cells | Row],
    trips: Trips = (),
    holidays: Sequence[date] = (),
) -> Codes:
    """The reason of every cell, from what each layer closes; shape (durations, cells)."""
    codes = np.zeros(layers[Reason.buffer].shape, np.uint8)
    for reason, closed in layers.items():
        if reason is not Reason.hold:
            np.maximum(codes, closed.view(np.uint8) * np.uint8(reason), out=codes)
    if Reason.hold in layers:
        codes[layers[Reason.hold] & (codes < Reason.session)] = Reason.hold
    shut = layers.get(Reason.outside_hours)
    if shut is None:
        return codes
    days = [(day, Reason.day_off) for day, windows in hours.overrides if not windows]
    for holiday in holidays:
        days.append((holiday, Reason.holiday))
    for day, reason in days:
        first, last = day_bounds(hours.zone, trips, day)
        cells = slice(span.cell(first), span.cell(last))
        # Only what was closed for want of hours: yesterday's window may reach into a day off.
        off = codes[:, cells]
        off[shut[:, cells] & (off < reason)] = reason
    return codes


def encode(codes: Codes) -> bytes:
    """Run-length coded: for each row how many runs it has,
    then a word (first cell << 4 | reason) for each run.
    """
    turns = np.ones(codes.shape, np.bool_)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=turns[:, 1:])
    places = np.flatnonzero(turns)
    rows, width = codes.shape
    runs = np.diff(np.searchsorted(places, np.arange(rows + 1) * width))
    words = places % width << 4 | codes.reshape(-1)[places]
    return np.concatenate((runs, words)).astype("<u4").tobytes()


def decode(coded: bytes, row: int, *, rows: int, cells: int) -> Codes:
    """One row that `encode` coded, a reason a cell."""
    counts = np.frombuffer(coded, "<u4", rows)
    first = rows + int(counts[:row].sum())
    words = np.frombuffer(coded, "<u4", int(counts[row]), 4 * first)
    return np.repeat((words & 15).astype(np.uint8), np.diff(words >> 4, append=cells))
