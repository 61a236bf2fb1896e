"""The kernel: counting against looking at every period."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.hours import Hours
from domain.intervals import Interval
from domain.slots.cells import (
    GRID,
    Cells,
    Periods,
    Span,
    closed_periods,
    columns,
    meeting,
    outside,
    padded,
    touching,
)
from tests.domain.kit import DAY, at

SPAN = Span(20_000 * DAY, 40)
# Often on the grid or a second beside it: that is where a count can be off by one.
NEAR = st.one_of(
    st.integers(SPAN.origin - 4 * GRID, SPAN.end + 8 * GRID),
    st.tuples(st.integers(-4, 48), st.integers(-1, 1)).map(
        lambda drawn: SPAN.origin + drawn[0] * GRID + drawn[1]
    ),
)
LENGTHS = st.one_of(st.integers(1, 5 * GRID), st.integers(1, 5).map(GRID.__mul__))
INTERVAL = st.tuples(NEAR, LENGTHS).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))
DURATIONS = st.lists(
    st.one_of(st.integers(1, 4 * GRID), st.sampled_from((300, 900, 2700))), min_size=1, max_size=4
)


def met(durations: list[int], periods: Periods) -> Cells:
    return meeting(SPAN, durations, touching(periods))


@settings(max_examples=300, deadline=None)
@given(st.lists(INTERVAL, max_size=8), DURATIONS)
def test_a_start_is_met_exactly_when_a_period_meets_its_session(
    intervals: list[Interval], durations: list[int]
) -> None:
    found = met(durations, columns(intervals))
    starts = range(SPAN.origin, SPAN.end, GRID)
    expected = [
        [any(b0 < s + d and b1 > s for b0, b1 in intervals) for s in starts] for d in durations
    ]
    assert found.tolist() == expected


def test_the_layout_of_the_periods_in_memory_does_not_matter() -> None:
    rows = np.array([[SPAN.origin, SPAN.origin + 60], [SPAN.origin + 7200, SPAN.origin + 7260]])
    assert np.array_equal(met([1800], rows), met([1800], columns(rows.tolist())))
    # And they are left as they were
    assert rows[0].tolist() == [SPAN.origin, SPAN.origin + 60]


def test_the_cell_of_an_instant_is_the_first_that_starts_at_or_after_it() -> None:
    assert [SPAN.cell(SPAN.origin + seconds) for seconds in (-5000, 0, 1, 900, 901)] == [
        0,
        0,
        1,
        1,
        2,
    ]
    assert SPAN.cell(SPAN.end + 5000) == 40


def test_a_period_is_padded_by_what_the_session_keeps_free_on_the_other_side() -> None:
    assert padded(columns([(1000, 2000)]), before=15, after=30).tolist() == [[970, 2015]]


def test_what_lies_between_working_hours_is_closed() -> None:
    hours = Hours.parse("UTC", {"mon": [["22:00", "02:00"]]}, {})
    found = closed_periods(hours, at("00:00"), at("2026-06-10T00:00"))
    assert found.tolist() == [
        [at("00:00"), at("22:00")],
        [at("2026-06-09T02:00"), at("2026-06-10T00:00")],
    ]


def test_what_lies_outside_of_working_hours_is_met_by_sessions_of_any_length() -> None:
    hours = Hours.parse("UTC", {"mon": [["00:00", "01:10"]]}, {})
    day = Span(at("00:00"), 6)
    found = meeting(day, [1800, 300], outside(hours))
    assert found.tolist() == [
        [False, False, False, True, True, True],  # the last half hour begins at 00:30
        [False, False, False, False, False, True],
    ]
