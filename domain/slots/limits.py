"""Sessions per local day and per ISO week: the starts that a full day or week closes."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domain.hours import DAY_SECONDS, local_days
from domain.slots.cells import Row, Span
from domain.trips import Trips

Ints = npt.NDArray[np.int64]
Limits = tuple[int | None, int | None]
"""The most sessions of a local day and of an ISO week; None for no limit."""

_DAYS_A_WEEK = 7
_AROUND = (_DAYS_A_WEEK + 2) * DAY_SECONDS  # the weeks at both edges of a span, whole


def full(zone: str, span: Span, begins: Sequence[int], limits: Limits, trips: Trips = ()) -> Row:
    """Per start of the span: whether its local day or week has as many sessions as it may have.

    `begins`: when the coach's sessions begin, epoch seconds. Those of every local week that the
    span touches must be among them, or the weeks at its edges look emptier than they are.
    """
    closed = np.zeros(span.cells, np.bool_)
    if limits == (None, None):
        return closed
    # A session counts for the local day that it begins on, however far it reaches into the next.
    midnights, dates, asked = _calendar(zone, span, trips)
    begun = np.array(begins, np.int64)
    begun = begun[(begun >= midnights[0]) & (begun < midnights[-1])]
    taken = dates[np.searchsorted(midnights, begun, "right") - 1]
    # Dates are counted from a Monday: divided by seven they are weeks.
    for days, limit in zip((1, _DAYS_A_WEEK), limits, strict=True):
        if limit is not None:
            sessions = np.bincount(taken // days, minlength=dates[-1] + 1)
            closed |= (sessions >= limit)[asked // days]
    return closed


@lru_cache(maxsize=32)
def _calendar(zone: str, span: Span, trips: Trips) -> tuple[Ints, Ints, Ints]:
    """The local midnights around a span, their dates counted from a Monday,
    and the date of each cell.
    """
    days = local_days(zone, span.origin - _AROUND, span.end + _AROUND, trips)
    monday = days[0][0].toordinal() - days[0][0].weekday()
    begins, ordinals = [], []
    for day, first, _ in days:
        begins.append(first)
        ordinals.append(day.toordinal() - monday)
    midnights, dates = np.array(begins, np.int64), np.array(ordinals, np.int64)
    return midnights, dates, dates[np.searchsorted(midnights, span.starts(), "right") - 1]
