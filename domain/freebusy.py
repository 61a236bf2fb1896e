"""What counts as busy: items as a calendar gave them, and the periods of them that block."""

import json
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from itertools import count
from typing import Self

import numpy as np
import numpy.typing as npt

from domain.hours import DAY, DAY_SECONDS, midnight, utc_date
from domain.trips import Trips, zone_on

BUSY, TENTATIVE, UNKNOWN, FREE = range(4)
STATUSES = {"busy": BUSY, "tentative": TENTATIVE, "unknown": UNKNOWN, "free": FREE}

Item = tuple[str, int, int, int, bool]
"""(calendar id, start, end, status code, all day)."""

_HEADER = struct.Struct("<4sII")  # magic with version, bytes of the calendar names, items
_MAGIC = b"frb1"
_COLUMNS = {"start": "<i8", "end": "<i8", "calendar": "<u2", "status": "<u1", "all_day": "|b1"}
_ITEM_BYTES = 20
# The dates that Python has. Providers write the year 0, which lies before them;
# nobody can be booked then.
_EPOCH = date(1970, 1, 1)
_FIRST_DAY = (date.min - _EPOCH).days * DAY_SECONDS
_LAST_DAY = (date.max - _EPOCH).days * DAY_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All items of one read of one connection, in columns of equal length, in the order they came.

    Items repeat, overlap and come unsorted. An all-day item has its local dates' midnights as if
    they were UTC.
    """

    calendars: tuple[str, ...]
    start: npt.NDArray[np.int64]
    """UTC epoch seconds."""
    end: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint8]
    all_day: npt.NDArray[np.bool_]
    calendar: npt.NDArray[np.uint16]
    """Index into `calendars`."""

    @classmethod
    def of(cls, items: Iterable[Item]) -> Self:
        rows = list(items)
        names, start, end, status, all_day = (
            zip(*rows, strict=True) if rows else ((), (), (), (), ())
        )
        calendars = tuple(dict.fromkeys(names))
        index = dict(zip(calendars, count(), strict=False))
        return cls(
            calendars,
            np.array(start, np.int64),
            np.array(end, np.int64),
            np.array(status, np.uint8),
            np.array(all_day, np.bool_),
            np.array(list(map(index.__getitem__, names)), np.uint16),
        )

    def __len__(self) -> int:
        return len(self.start)

    def pack(self) -> bytes:
        """A header, the calendars' names as JSON, then column after column: 20 bytes an item."""
        names = json.dumps(self.calendars).encode()
        parts = [_HEADER.pack(_MAGIC, len(names), len(self)), names]
        for name, kind in _COLUMNS.items():
            column = getattr(self, name).astype(kind, copy=False)
            parts.append(column.tobytes())
        return b"".join(parts)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` made, as read-only views of its bytes.
        Raises ValueError for anything else.
        """
        magic, names, items = _HEADER.unpack(packed[: _HEADER.size].ljust(_HEADER.size))
        at = _HEADER.size + names
        if magic != _MAGIC or len(packed) != at + _ITEM_BYTES * items:
            raise ValueError(
                "these bytes are no packed Reading of this version; read the calendar again"
            )
        calendars = tuple(json.loads(packed[_HEADER.size : at]))
        columns = {}
        for name, kind in _COLUMNS.items():
            columns[name] = np.frombuffer(packed, kind, items, at)
            at += columns[name].nbytes
        return cls(calendars, **columns)

    def digest(self) -> bytes:
        """16 bytes, the same for the same set of items:
        order, repeats and unused calendars do not count.
        """
        used, calendar = np.unique(self.calendar, return_inverse=True)
        names = [self.calendars[place] for place in used]
        rank = np.empty(len(names), np.int64)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        # All but the start in one number, for a sort by two keys:
        # an end until year 10,000 leaves room for the others.
        rest = ((self.end << 8 | self.status) << 1 | self.all_day) << 16 | rank[calendar]
        order = np.lexsort((rest, self.start))
        rows = np.stack((self.start[order], rest[order]))
        fresh = np.ones(rows.shape[1], np.bool_)
        fresh[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
        content = json.dumps(sorted(names)).encode() + rows[:, fresh].tobytes()
        return blake2b(content, digest_size=16).digest()

    @property
    def ends(self) -> npt.NDArray[np.int64]:
        """When each item is over: an all-day item lasts a day at least,
        whatever is given as its end.
        """
        too_short = self.all_day & (self.end <= self.start)
        return np.where(too_short, self.start + DAY_SECONDS, self.end)

    def between(self, since: int, until: int) -> Self:
        """The items that meet [since,
        until): what two readings of different days can be compared in.
        """
        meets = (self.ends > since) & (self.start < until)
        columns = {}
        for name in _COLUMNS:
            columns[name] = getattr(self, name)[meets]
        return replace(self, **columns)


def blocking(
    reading: Reading,
    *,
    zone: str,
    calendars: Collection[str] | None,
    tentative_blocks: bool,
    trips: Trips = (),
) -> npt.NDArray[np.int64]:
    """The periods that block, shape (n, 2), UTC epoch seconds, unmerged, in the order they came.

    `calendars` names those selected (None: all). All-day items run from local midnight to local
    midnight in `zone`, the coach's, or where the coach travels then; one that ends no later than it
    starts is that one day. A status we do not know blocks.
    """
    ends = reading.ends
    blocks = (ends > reading.start) & (reading.status != FREE)
    if not tentative_blocks:
        blocks &= reading.status != TENTATIVE
    if calendars is not None:
        selected = np.array([name in calendars for name in reading.calendars], np.bool_)
        blocks &= selected[reading.calendar]
    periods = np.array((reading.start[blocks], ends[blocks])).T
    days = reading.all_day[blocks]
    if days.any():
        periods[days] = _placed(periods[days], zone, trips)
        # A zone that changed sides of the date line skipped a day: that day has no instant to fill.
        periods = periods[periods[:, 1] > periods[:, 0]]
    return periods


def _placed(dates: npt.NDArray[np.int64], zone: str, trips: Trips) -> npt.NDArray[np.int64]:
    """Midnights as if they were UTC -> the local midnights of those dates."""
    # Each date is looked up once: holidays and absences repeat the same few of them.
    distinct, where = np.unique(dates.clip(_FIRST_DAY, _LAST_DAY), return_inverse=True)
    days = list(map(utc_date, distinct.tolist()))
    begins = [midnight(zone_on(zone, trips, day), day) for day in days]
    placed = np.array(begins, np.int64)[where].reshape(-1, 2)
    if trips:
        # The last day of an item ends where the coach is on that day, and not on the next one.
        ends = [midnight(zone_on(zone, trips, day - DAY), day) for day in days]
        placed[:, 1] = np.array(ends, np.int64)[where].reshape(-1, 2)[:, 1]
    return placed
