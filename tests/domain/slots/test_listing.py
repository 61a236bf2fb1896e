"""What is offered at one moment, why the rest is not, and until when that holds."""

from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.scenario import read
from domain.slots import SlotSet, build
from domain.slots.listing import Clock, closed_counts, closed_reasons, next_change, offered, render
from domain.slots.reasons import Reason
from tests.domain.cases import Case, cases
from tests.domain.kit import DAY, at, clocks, coach, monday, periods

HOURLY = monday(coach(["09:00", "12:00"], pre=0, post=0), days=3)


def clock(now: str, **changes: Any) -> Clock:
    plain = Clock(
        now=at(now), notice=0, horizon_days=30, since=at("00:00"), until=at("2026-06-09T00:00")
    )
    return cast(Clock, plain | changes)


def starts(when: Clock) -> list[str]:
    return clocks(offered(HOURLY, 60, **when))


def test_the_past_is_not_offered_and_this_very_second_is() -> None:
    assert starts(clock("10:00"))[0] == "10:00"
    assert starts(clock("10:00:01"))[0] == "10:15"


def test_the_notice_keeps_the_next_starts_from_being_offered() -> None:
    assert starts(clock("09:00", notice=60))[0] == "10:00"
    assert starts(clock("09:00:01", notice=60))[0] == "10:15"


def test_a_session_ends_within_the_horizon_of_elapsed_days() -> None:
    yesterday = "2026-06-07T11:30"
    assert starts(clock(yesterday, horizon_days=1))[-1] == "10:30"
    assert starts(clock("2026-06-07T11:29:59", horizon_days=1))[-1] == "10:15"


def test_the_range_holds_its_begin_and_not_its_end() -> None:
    assert starts(clock("00:00", since=at("09:15"), until=at("09:45"))) == ["09:15", "09:30"]
    assert starts(clock("00:00", since=at("09:15:01"), until=at("09:45:01"))) == ["09:30", "09:45"]
    assert starts(clock("00:00", since=at("10:00"), until=at("09:00"))) == []


def test_only_durations_of_the_set_are_offered() -> None:
    with pytest.raises(Invalid) as refused:
        offered(HOURLY, 45, **clock("00:00"))
    assert refused.value.code == "duration_not_offered"


def test_closed_runs_cover_what_is_not_offered_with_the_clocks_reasons_last() -> None:
    # Given a busy period, a notice until 10:00 and a horizon at noon
    found = monday(coach(["08:00", "14:00"], pre=0, post=0), periods("08:00-09:00"))
    when = clock(
        "2026-06-07T12:00", notice=22 * 60, horizon_days=1, since=at("08:00"), until=at("12:00")
    )
    assert closed_reasons(found, 60, **when) == [
        (at("08:00"), at("09:00"), Reason.busy),
        (at("09:00"), at("10:00"), Reason.notice),
        (at("11:15"), at("12:00"), Reason.horizon),
    ]
    assert closed_counts(found, 60, **when) == {Reason.busy: 4, Reason.notice: 4, Reason.horizon: 3}


def test_an_untrusted_calendar_closes_what_is_open_and_explains_nothing_else() -> None:
    when = clock("00:00", since=at("08:30"), until=at("09:30"))
    assert closed_reasons(HOURLY, 60, trusted=False, **when) == [
        (at("08:30"), at("09:00"), Reason.outside_hours),
        (at("09:00"), at("09:30"), Reason.untrusted),
    ]


def test_an_empty_range_has_no_reasons() -> None:
    assert closed_reasons(HOURLY, 60, **clock("00:00", until=0)) == []


@settings(max_examples=100, deadline=None)
@given(cases())
def test_every_quarter_hour_of_the_range_is_either_offered_or_closed(case: Case) -> None:
    found, duration, when = _asked(case)
    closed = [
        second
        for start, end, _ in closed_reasons(found, duration, **when)
        for second in range(start, end, 900)
    ]
    everything = range(-(-when["since"] // 900) * 900, when["until"], 900)
    assert sorted(closed + offered(found, duration, **when).tolist()) == list(everything)
    assert closed_counts(found, duration, **when).total() == len(closed)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_next_change_is_the_first_second_with_another_answer(case: Case) -> None:
    found, duration, when = _asked(case)
    # Given every second at which a start can come or go
    starts = found.open_starts(duration).tolist()
    goes = [start - 60 * when["notice"] + 1 for start in starts]
    comes = [start + 60 * duration - DAY * when["horizon_days"] for start in starts]
    moments = sorted(moment for moment in goes + comes if moment > when["now"])
    # When one waits through them all
    before = offered(found, duration, **when).tolist()
    later = (
        moment
        for moment in moments
        if offered(found, duration, **_at(when, moment)).tolist() != before
    )
    # Then the answer is another for the first time when it was said to be
    assert next_change(found, duration, **when) == next(later, None)


def _asked(case: Case) -> tuple[SlotSet, int, Clock]:
    scenario = read(case)
    origin = scenario.clock["since"] // DAY * DAY
    found = build(scenario.coach, scenario.busy, scenario.own, origin=origin, days=5)
    return found, case["duration"], scenario.clock


def _at(when: Clock, moment: int) -> Clock:
    return Clock(**{**when, "now": moment})


def test_the_first_listed_start_leaves_one_second_after_its_notice_begins() -> None:
    assert next_change(HOURLY, 60, **clock("06:00", notice=60)) == at("08:00:01")


def test_the_next_open_start_comes_when_its_end_reaches_the_horizon() -> None:
    when = clock("2026-06-07T08:00", horizon_days=1)
    assert next_change(HOURLY, 60, **when) == at("2026-06-07T10:00")


def test_a_start_that_comes_before_the_range_changes_nothing() -> None:
    # Given that the horizon is about to reach Monday's starts, and that one asks for Tuesday's
    when = clock(
        "2026-06-07T08:00",
        horizon_days=1,
        since=at("2026-06-09T00:00"),
        until=at("2026-06-10T00:00"),
    )
    assert next_change(HOURLY, 60, **when) == at("10:00")


def test_a_start_whose_notice_begins_as_the_horizon_reaches_it_is_offered_for_one_second() -> None:
    # Given 23 hours of notice, and an hour's session, in a horizon of one day
    before, then = (
        clock(f"2026-06-07T{now}", notice=23 * 60, horizon_days=1) for now in ("09:59", "10:00")
    )
    assert next_change(HOURLY, 60, **before) == at("2026-06-07T10:00")
    assert starts(then) == ["09:00"]
    assert next_change(HOURLY, 60, **then) == at("2026-06-07T10:00:01")


def test_nothing_ever_changes_once_all_is_past_or_when_nothing_can_be_listed() -> None:
    assert next_change(HOURLY, 60, **clock("2026-06-20T00:00")) is None
    assert next_change(HOURLY, 60, **clock("00:00", notice=24 * 60, horizon_days=1)) is None


@given(st.lists(st.integers(0, 4_000_000).map(lambda n: n * 900), max_size=20))
def test_instants_are_rendered_as_iso_8601_does(instants: list[int]) -> None:
    expected = [
        datetime.fromtimestamp(instant, UTC).isoformat().replace("+00:00", "Z")
        for instant in instants
    ]
    assert render(np.array(instants, np.int64)) == expected
