"""Interval arithmetic, against sets of seconds."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.intervals import Interval, clip, merge, subtract

INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def seconds(intervals: Iterable[Interval]) -> set[int]:
    return {second for start, end in intervals for second in range(start, end)}


@given(INTERVALS)
def test_merged_intervals_cover_the_same_and_keep_a_gap_between_them(
    intervals: list[Interval],
) -> None:
    merged = merge(intervals)
    assert seconds(merged) == seconds(intervals)
    assert all(end < start for (_, end), (start, _) in pairwise(merged))
    assert all(start < end for start, end in merged)


@given(INTERVALS, INTERVALS)
def test_what_is_subtracted_is_gone_and_nothing_else(
    intervals: list[Interval], taken: list[Interval]
) -> None:
    left = subtract(intervals, taken)
    assert seconds(left) == seconds(intervals) - seconds(taken)
    assert left == merge(left)


@given(INTERVALS, st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_clipped_intervals_lie_within(intervals: list[Interval], within: Interval) -> None:
    assert seconds(clip(intervals, within)) == seconds(intervals) & seconds([within])


def test_intervals_that_touch_become_one() -> None:
    assert merge([(9, 12), (12, 15), (20, 20)]) == ((9, 15),)
