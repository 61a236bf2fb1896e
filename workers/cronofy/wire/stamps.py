"""Time stamps to epoch seconds, thousands at once: read one by one they would cost more than the
JSON they came in.

`2026-11-03T09:00:00Z` is twenty characters with digits at fixed places, so a column of stamps is a
matrix of bytes, and its fields are one matrix product. Whatever looks otherwise (dates, offsets,
far years) is read by hand, slowly. Quirk: providers without time stamps give year 0, which Python's
datetime cannot hold; numpy's can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_LOWEST = b"0000-00-00T00:00:00Z\n"
# Digit by digit; what is still no date or hour then is found below.
_HIGHEST = b"9999-19-39T29:59:59Z\n"
_WIDTH = len(_LOWEST)
_MIDNIGHT = "T00:00:00Z"
_NO_STAMP = "?" * (_WIDTH - 1)
_DATE = len("2026-11-03")
# Rows at a time: the masks stay in the processor's cache, the product stays on one thread.
_BLOCK = 4096
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
# Per year in the month table: 13 to 19 are places too, of no days.
_PLACES = 20
_DAY = 86_400

_ODD = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):?([0-5]\d)))?", re.ASCII
)


class Parsed(NamedTuple):
    """Two columns of equal length."""

    seconds: npt.NDArray[np.int64]
    """UTC epoch seconds; for a date, its midnight as if it were UTC."""
    is_date: npt.NDArray[np.bool_]


class _Tables(NamedTuple):
    lowest: npt.NDArray[np.uint8]
    span: npt.NDArray[np.uint8]
    weights: npt.NDArray[np.float32]
    day_zero: npt.NDArray[np.int64]
    """The day before the first of each month, in days since 1970."""
    days: npt.NDArray[np.int64]
    """How many days each month has; 0 where there is no such month."""


def parse(texts: Sequence[str]) -> Parsed:
    """Stamps, offset stamps and dates, mixed as they come. Fractions of a second are cut off.

    Raises TypeError when one is not text, ValueError when one is no time.
    """
    joined = "\n".join((*texts, "")).encode("ascii")
    if len(joined) == _WIDTH * len(texts):
        seconds, fits = _digits(joined)
        # So every line end stands where it should: all texts are stamps of twenty characters.
        if fits.all():
            return Parsed(seconds, np.zeros(len(texts), np.bool_))
    return _mixed(texts, joined)


def _mixed(texts: Sequence[str], joined: bytes) -> Parsed:
    ends = np.flatnonzero(np.frombuffer(joined, np.uint8) == ord("\n"))
    if len(ends) != len(texts):
        raise ValueError("a time with a line end in it")
    lengths = np.diff(ends, prepend=-1) - 1
    stamps = list(texts)
    # A date becomes the stamp of its midnight, anything else of another length one that fits not:
    # then all are twenty characters, and those that fit not are few.
    for place in np.flatnonzero(lengths != _WIDTH - 1).tolist():
        stamps[place] = _NO_STAMP
        if lengths[place] == _DATE:
            stamps[place] = texts[place] + _MIDNIGHT
    seconds, fits = _digits("\n".join((*stamps, "")).encode("ascii"))
    is_date = lengths == _DATE
    for place in np.flatnonzero(~fits).tolist():
        seconds[place], is_date[place] = _by_hand(texts[place])
    return Parsed(seconds, is_date)


def _by_hand(text: str) -> tuple[int, bool]:
    found = _ODD.fullmatch(text)
    if not found:
        raise ValueError("neither a time nor a date")
    date, time, sign, hours, minutes = found.groups()
    # ValueError for the 30th of February.
    if time is None:
        return int(np.datetime64(date, "s").astype(np.int64)), True
    seconds = int(np.datetime64(f"{date}T{time}", "s").astype(np.int64))
    if sign:
        seconds -= int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)
    return seconds, False


def _digits(joined: bytes) -> Parsed:
    """Rows of twenty characters and a line end -> seconds,
    and which rows really are such stamps.
    """
    rows = np.frombuffer(joined, np.uint8).reshape(-1, _WIDTH)
    seconds = np.empty(len(rows), np.int64)
    fits = np.empty(len(rows), np.bool_)
    for first in range(0, len(rows), _BLOCK):
        block = slice(first, first + _BLOCK)
        seconds[block], fits[block] = _block(rows[block], _tables())
    return Parsed(seconds, fits)


def _block(rows: npt.NDArray[np.uint8], table: _Tables) -> Parsed:
    digits = rows ^ table.lowest[: len(rows)]  # a digit becomes its value, the right punctuation 0
    strays = digits > table.span[: len(rows)]
    # All sums stay below 2**24, where float32 is exact. In integers it would be slower: numpy hands
    # products of floats alone to BLAS.
    fields = (digits.astype(np.float32) @ table.weights).astype(np.int64)
    month, day, second = fields[:, 0] - _FIRST_YEAR * _PLACES, fields[:, 1], fields[:, 2]
    fits = (day > 0) & (day <= table.days.take(month, mode="clip")) & (second < _DAY)
    if strays.any():
        fits &= ~strays.any(axis=1)
    return Parsed((table.day_zero.take(month, mode="clip") + day) * _DAY + second, fits)


@cache
def _tables() -> _Tables:
    """What every block needs, made at the first use."""
    lowest = np.frombuffer(_LOWEST * _BLOCK, np.uint8).reshape(-1, _WIDTH)
    highest = np.frombuffer(_HIGHEST * _BLOCK, np.uint8).reshape(-1, _WIDTH)
    weights = np.zeros((_WIDTH, 3), np.float32)
    weights[[0, 1, 2, 3, 5, 6], 0] = np.array((1000, 100, 10, 1, 0.5, 0.05)) * _PLACES
    weights[[8, 9], 1] = 10, 1
    weights[[11, 12, 14, 15, 17, 18], 2] = 36_000, 3600, 600, 60, 10, 1
    months = np.arange(f"{_FIRST_YEAR}-01", f"{_LAST_YEAR + 1}-02", dtype="datetime64[M]")
    since_1970 = months.astype("datetime64[D]").astype(np.int64)
    # Place 0 and 13 to 19 of each year stay empty; so do, by having no days, both ends that `clip`
    # reaches.
    day_zero, days = np.zeros((2, _LAST_YEAR + 1 - _FIRST_YEAR, _PLACES), np.int64)
    day_zero[:, 1:13] = since_1970[:-1].reshape(-1, 12) - 1
    days[:, 1:13] = np.diff(since_1970).reshape(-1, 12)
    return _Tables(lowest, lowest ^ highest, weights, day_zero.ravel(), days.ravel())
