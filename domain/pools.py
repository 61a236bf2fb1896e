"""Slots of several coaches at once: `any` of them, with who is open, or `all` of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from domain.hours import DAY_SECONDS
from domain.intervals import Interval
from domain.slots import CELLS_A_DAY, SlotSet, Starts
from domain.slots.cells import GRID, Span
from domain.slots.listing import Clock, window

Open = list[tuple[int, list[str]]]
"""(start in epoch seconds, the ids of the coaches who are open then), ascending."""


@dataclass(frozen=True, slots=True)
class Member:
    """A coach of a pool: the stored set,
    and the notice (minutes) and horizon (days of 24 h) that clip it.
    """

    coach_id: str
    slot_set: SlotSet
    notice: int
    horizon_days: int


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What many coaches offer, side by side:
    a bit for each quarter hour, clipped by each one's clock.
    """

    coach_ids: tuple[str, ...]
    span: Span
    bits: npt.NDArray[np.uint8]
    """Shape (coaches, cells / 8)."""

    @classmethod
    def of(
        cls, members: Sequence[Member], duration: int, *, now: int, since: int, until: int
    ) -> Self:
        """The quarter hours in since <= start < until; what a set does not reach is closed.

        Raises Invalid for a duration (minutes) that one of the coaches does not offer.
        """
        first, last = since // DAY_SECONDS, -(-until // DAY_SECONDS)
        days = max(0, last - first)
        span = Span(first * DAY_SECONDS, days * CELLS_A_DAY)
        masks: dict[tuple[int, int], bytes] = {}
        ids, rows, clips = [], [], []
        # Many coaches have the same notice and horizon: each such pair is masked once.
        for member in members:
            notice, horizon_days = clip = member.notice, member.horizon_days
            if clip not in masks:
                clock = Clock(
                    now=now, notice=notice, horizon_days=horizon_days, since=since, until=until
                )
                masks[clip] = _mask(span, window(duration, clock))
            ids.append(member.coach_id)
            rows.append(member.slot_set.day_bits(duration, first, days))
            clips.append(masks[clip])
        bits = np.frombuffer(b"".join(rows), np.uint8) & np.frombuffer(b"".join(clips), np.uint8)
        return cls(tuple(ids), span, bits.reshape(len(rows), span.cells // 8))

    def any_open(self) -> Starts:
        return self._starts(np.bitwise_or.reduce(self.bits, axis=0))

    def all_open(self) -> Starts:
        """None for no coach."""
        if not self.coach_ids:
            return np.empty(0, np.int64)
        return self._starts(np.bitwise_and.reduce(self.bits, axis=0))

    def who(self) -> Open:
        starts = self.any_open()
        cells = (starts - self.span.origin) // GRID
        open_at = np.ascontiguousarray(np.unpackbits(self.bits, axis=1)[:, cells].T)
        # As objects: an array of texts would make each as long as the longest id.
        ids = np.array(self.coach_ids, object)[np.nonzero(open_at)[1]].tolist()
        edges = [0, *np.cumsum(np.count_nonzero(open_at, axis=1)).tolist()]
        return [
            (start, ids[low:high])
            for start, (low, high) in zip(starts.tolist(), pairwise(edges), strict=True)
        ]

    def _starts(self, bits: npt.NDArray[np.uint8]) -> Starts:
        return np.flatnonzero(np.unpackbits(bits)) * GRID + self.span.origin


def _mask(span: Span, window: Interval) -> bytes:
    since, until = window
    inside = np.zeros(span.cells, np.bool_)
    inside[span.cell(since) : span.cell(until)] = True
    return np.packbits(inside).tobytes()
