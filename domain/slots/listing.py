"""What a slot set offers at one moment:
clipped by the clock, with reasons, and until when that holds.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import TypedDict, Unpack

import numpy as np

from domain.hours import DAY_SECONDS
from domain.intervals import Interval
from domain.slots import SlotSet, Starts
from domain.slots.cells import GRID
from domain.slots.reasons import Reason

_EPOCH = date(1970, 1, 1).toordinal()


class Clock(TypedDict):
    """The moment and the range that one asks about."""

    now: int
    """Epoch seconds, whole: round down."""
    notice: int
    """Minutes."""
    horizon_days: int
    """Elapsed days of 24 h."""
    since: int
    """Epoch seconds, as is `until`: since <= start < until."""
    until: int


def offered(slot_set: SlotSet, duration: int, **clock: Unpack[Clock]) -> Starts:
    """The starts that can be booked now: s >= now + notice and s + duration (minutes) <= now +
    horizon.

    Raises Invalid for a duration that is not in the set.
    """
    return slot_set.open_starts(duration, *window(duration, clock))


def without(starts: Starts, duration: int, times: Sequence[Interval]) -> Starts:
    """Those of the starts of which no session of `duration` minutes meets one of these times."""
    for begin, end in times:
        starts = starts[(starts >= end) | (starts + 60 * duration <= begin)]
    return starts


def window(duration: int, clock: Clock) -> Interval:
    """The starts that the clock lets through:
    those asked for, after the notice and before the horizon.
    """
    # A session may end on the horizon itself: the latest start is still listed.
    soonest, latest = _bounds(duration, clock)
    return max(clock["since"], soonest), min(clock["until"], latest + 1)


def next_change(slot_set: SlotSet, duration: int, **clock: Unpack[Clock]) -> int | None:
    """The first whole second after `now` at which time alone gives `offered` another answer; None
    for never.

    Either the first listed start falls inside the notice, or the next open one comes inside the
    horizon.
    """
    soonest, latest = _bounds(duration, clock)
    if latest < soonest:
        return None  # the notice and the session outlast the horizon: nothing is ever listed
    listed = offered(slot_set, duration, **clock)
    coming = slot_set.open_starts(duration, max(clock["since"], latest + 1), clock["until"])
    changes = []
    # A start is still offered in the very second in which the notice reaches it, hence the one
    # more; it enters in the second in which the horizon does.
    if len(listed):
        changes.append(clock["now"] + int(listed[0]) - soonest + 1)
    if len(coming):
        changes.append(clock["now"] + int(coming[0]) - latest)
    return min(changes, default=None)


def closed_reasons(
    slot_set: SlotSet, duration: int, *, trusted: bool = True, **clock: Unpack[Clock]
) -> list[tuple[int, int, Reason]]:
    """The quarter hours of the set that are not offered, as runs: (first start, end, reason), epoch
    seconds.

    What closes a start at any time comes first; the calendars' state (`trusted`) and the clock
    explain the rest. Raises ValueError when the set was built without reasons.
    """
    soonest, latest = _bounds(duration, clock)
    span = slot_set.span
    low, high = span.cell(clock["since"]), span.cell(clock["until"])
    codes = slot_set.codes(duration)[low:high].copy()
    starts = span.starts()[low:high]
    for reason, holds in (
        (Reason.untrusted, np.full(len(starts), not trusted)),
        (Reason.notice, starts < soonest),
        (Reason.horizon, starts > latest),
    ):
        codes[holds & (codes == Reason.open)] = reason
    # No reason is 255, so the first run has an edge before it and the last one an edge behind it.
    turns = np.flatnonzero(np.diff(codes, prepend=255, append=255))
    edges = ((low + turns) * GRID + span.origin).tolist()
    runs = zip(edges, edges[1:], codes[turns[:-1]].tolist(), strict=False)
    return [(start, end, Reason(code)) for start, end, code in runs if code != Reason.open]


def closed_counts(
    slot_set: SlotSet, duration: int, *, trusted: bool = True, **clock: Unpack[Clock]
) -> Counter[Reason]:
    """How many of the set's quarter hours in the range are not offered, by reason."""
    counts: Counter[Reason] = Counter()
    for start, end, reason in closed_reasons(slot_set, duration, trusted=trusted, **clock):
        counts[reason] += (end - start) // GRID
    return counts


def render(starts: Starts | Sequence[int]) -> list[str]:
    """["2026-01-05T09:00:00Z", ...]: a table a day,
    because a datetime a slot costs twenty times as much.
    """
    days, cells = np.divmod(np.asarray(starts, np.int64), DAY_SECONDS)
    return [
        _table(day)[cell] for day, cell in zip(days.tolist(), (cells // GRID).tolist(), strict=True)
    ]


@lru_cache(maxsize=512)
def _table(day: int) -> tuple[str, ...]:
    text = date.fromordinal(_EPOCH + day).isoformat()
    return tuple(
        f"{text}T{cell // 4:02}:{cell % 4 * 15:02}:00Z" for cell in range(DAY_SECONDS // GRID)
    )


def _bounds(duration: int, clock: Clock) -> tuple[int, int]:
    """The soonest and the latest start that notice and horizon allow."""
    now = clock["now"]
    return now + 60 * clock["notice"], now + DAY_SECONDS * clock["horizon_days"] - 60 * duration
