"""Half-open intervals of whole seconds: merge, subtract, clip. The only interval arithmetic on
sequences.

Arrays of periods have their own, in `domain.slots.cells`: there nothing is merged at all.
"""

from collections.abc import Iterable, Iterator

Interval = tuple[int, int]
"""[start, end) in UTC epoch seconds."""


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sorted and disjoint, covering the same instants;
    those that touch become one, empty ones vanish.
    """
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def subtract(intervals: Iterable[Interval], taken: Iterable[Interval]) -> tuple[Interval, ...]:
    """What `intervals` cover and `taken` do not, merged."""
    taken = merge(taken)
    left: list[Interval] = []
    for interval in merge(intervals):
        left.extend(_without(interval, taken))
    return tuple(left)


def _without(interval: Interval, taken: tuple[Interval, ...]) -> Iterator[Interval]:
    start, end = interval
    for gone_from, gone_until in taken:
        if gone_until <= start:
            continue
        # They are sorted: whatever comes now lies behind the interval.
        if gone_from >= end:
            break
        if gone_from > start:
            yield start, gone_from
        start = gone_until
    if start < end:
        yield start, end


def clip(intervals: Iterable[Interval], within: Interval) -> tuple[Interval, ...]:
    """The parts of `intervals` that lie inside `within`, in their order; not merged."""
    low, high = within
    inside = []
    for start, end in intervals:
        first, last = max(start, low), min(end, high)
        if first < last:
            inside.append((first, last))
    return tuple(inside)


def meets(intervals: Iterable[Interval], start: int, end: int) -> bool:
    """Whether one of them has an instant in common with [start, end)."""
    return any(begin < end and start < finish for begin, finish in intervals)
