"""How long calendars wait for a read that no push asked for, by the size of the fleet."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reconciling import (
    LIVELY_FACTOR,
    QUIET_FACTOR,
    STEADY_FOR,
    Pace,
    Turns,
    pace_of,
    stale_after,
    turns,
)

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(lively: int, steady: int, quiet: int, reads: float = 80.0) -> Turns:
    fleet = {Pace.LIVELY: lively, Pace.STEADY: steady, Pace.QUIET: quiet}
    return turns(fleet, steady=HOUR, lively=QUARTER, reads_per_minute=reads)


def load(fleet: tuple[int, int, int], by: Turns) -> float:
    """Reads a minute, when each calendar is read once in its own stretched turn."""
    spans = [by.spans[pace] * by.stretch / timedelta(minutes=1) for pace in Pace]
    return sum(count / span for count, span in zip(fleet, spans, strict=True))


@pytest.mark.parametrize(
    ("ago", "pace"),
    [
        (timedelta(0), Pace.LIVELY),
        (DAY - timedelta(seconds=1), Pace.LIVELY),
        (DAY, Pace.STEADY),
        (STEADY_FOR - timedelta(seconds=1), Pace.STEADY),
        (STEADY_FOR, Pace.QUIET),
    ],
)
def test_a_pace_is_how_lately_a_calendar_changed(ago: timedelta, pace: Pace) -> None:
    assert pace_of(NOW - ago, NOW) is pace


def test_a_calendar_that_never_changed_is_quiet() -> None:
    assert pace_of(None, NOW) is Pace.QUIET


def test_a_fleet_for_which_there_are_calls_waits_as_the_settings_say() -> None:
    found = asked(300, 1_000, 2_000)  # 20 + 17 + 33 reads a minute
    assert (found.spans[Pace.LIVELY], found.spans[Pace.STEADY]) == (QUARTER, HOUR)
    assert (found.longest, found.stretch) == (HOUR, 1.0)


def test_where_calls_are_few_the_quiet_ones_wait_first() -> None:
    found = asked(450, 1_200, 2_400)  # 30 + 20 leave 30 reads for 2,400: each in 80 minutes
    assert found.stretch == 1.0
    assert found.longest == found.spans[Pace.QUIET] == timedelta(minutes=80)
    assert (found.spans[Pace.LIVELY], found.spans[Pace.STEADY]) == (QUARTER, HOUR)


def test_then_the_lively_ones_whom_the_next_push_reads_anyway() -> None:
    found = asked(800, 1_200, 2_400)  # 20 + 20 leave 40 reads for 800: each in 20 minutes
    assert found.spans[Pace.QUIET] == timedelta(hours=2)
    assert found.spans[Pace.LIVELY] == timedelta(minutes=20)
    assert found.stretch == 1.0


def test_after_that_all_wait_longer_by_the_same_factor() -> None:
    found = asked(10_000, 30_000, 60_000, reads=500 / 6)
    assert found.spans[Pace.QUIET] == timedelta(hours=2)
    assert found.spans[Pace.LIVELY] == timedelta(minutes=30)
    assert found.stretch == pytest.approx((10_000 / 30 + 30_000 / 60 + 60_000 / 120) * 6 / 500)
    assert found.longest == timedelta(hours=2) * found.stretch


def test_a_turn_for_the_lively_is_never_longer_than_for_the_others() -> None:
    found = turns({}, steady=QUARTER, lively=HOUR, reads_per_minute=1)
    assert found.spans[Pace.LIVELY] == QUARTER


@given(
    st.tuples(*[st.integers(0, 200_000)] * 3),
    st.floats(0.5, 1_000),
)
def test_the_turns_never_take_more_reads_than_there_are(
    fleet: tuple[int, int, int], reads: float
) -> None:
    found = asked(*fleet, reads=reads)
    assert load(fleet, found) <= reads * 1.000001
    # And nobody waits longer than the calls make necessary
    if found.stretch > 1.001:
        assert load(fleet, found) == pytest.approx(reads)
        assert found.spans[Pace.LIVELY] == HOUR * LIVELY_FACTOR or not fleet[0]
        assert found.spans[Pace.QUIET] == HOUR * QUIET_FACTOR or not fleet[2]


@given(st.tuples(*[st.integers(0, 200_000)] * 3), st.integers(0, 2))
def test_one_more_coach_never_makes_a_turn_shorter(fleet: tuple[int, int, int], one: int) -> None:
    larger = list(fleet)
    larger[one] += 1
    before, after = asked(*fleet), asked(*larger)
    for pace in Pace:
        waits = before.spans[pace] * before.stretch
        assert after.spans[pace] * after.stretch >= waits - timedelta(milliseconds=1)


def test_no_calendar_is_stale_only_because_the_fleet_is_large() -> None:
    least = timedelta(minutes=90)
    assert stale_after(HOUR, least) == least
    assert stale_after(10 * HOUR, least) == 15 * HOUR
