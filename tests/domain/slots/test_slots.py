"""Slot sets: the worked examples of the rules, the laws that hold for every set, and the set
itself.
"""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.scenario import read
from domain.slots import SlotSet, build
from tests.domain.cases import Case, cases
from tests.domain.kit import DAY, NOTHING_BUSY, at, clocks, coach, monday, periods, session, through


def test_external_busy_keeps_pre_free_before_the_session_and_post_after_it() -> None:
    # Given pre 15 and post 30, and an hour that is busy elsewhere
    found = monday(coach(), periods("10:00-11:00")).open_starts(60)
    # Then an hour's session ends 30 minutes before it, or starts 15 minutes after it
    assert clocks(found) == through("07:00", "08:30") + through("11:15", "17:00")


def test_own_sessions_keep_the_larger_buffer_on_both_sides() -> None:
    found = monday(coach(), own=[session("10:00-11:00")]).open_starts(60)
    assert clocks(found) == through("07:00", "08:30") + through("11:30", "17:00")


def test_the_first_start_after_a_session_is_a_buffer_after_its_end() -> None:
    # Given a session until 09:15, and buffers of 0 and 30 minutes
    person = coach(["08:00", "18:00"], pre=0, post=30)
    found = monday(person, own=[session("08:30-09:15")]).open_starts(60)
    # Then 09:30 is refused by the same rule that lists 09:45
    assert clocks(found)[0] == "09:45"


def test_a_session_keeps_its_own_gap_where_that_is_the_larger() -> None:
    found = monday(coach(pre=0, post=0), own=[session("10:00-11:00", gap=45)]).open_starts(60)
    assert clocks(found) == through("07:00", "08:15") + through("11:45", "17:00")


def test_buffers_may_lie_outside_working_hours() -> None:
    found = monday(coach(["09:00", "10:00"], pre=480, post=480)).open_starts(60)
    assert clocks(found) == ["09:00"]


def test_seconds_close_the_cells_they_touch_and_no_other() -> None:
    # Given a period from half a minute past to a second before the hour
    person = coach(pre=0, post=0, durations=(15,))
    found = monday(person, periods("10:00:30-10:59:59")).open_starts(15)
    assert clocks(found) == through("07:00", "09:45") + through("11:00", "17:45")


def test_a_period_that_ends_where_a_session_begins_does_not_block_it() -> None:
    person = coach(pre=0, post=0)
    found = monday(person, periods("08:00-09:00", "10:00-11:00")).open_starts(60)
    assert clocks(found) == ["07:00", "09:00", *through("11:00", "17:00")]


def test_a_period_longer_than_the_set_closes_all_of_it() -> None:
    forever = np.array([[0, 1 << 40]])
    assert len(monday(coach(), forever, days=30).open_starts(60)) == 0


def test_a_coach_without_hours_has_no_slots() -> None:
    person = coach(["00:00", "24:00"], overrides={"2026-06-08": []})
    assert len(monday(person).open_starts(60)) == 0


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Africa/Cairo", "2026-04-24"),
        ("Asia/Beirut", "2026-03-29"),
        ("America/Santiago", "2026-09-06"),
        ("America/Havana", "2026-03-08"),
    ],
)
def test_a_date_whose_midnight_is_missing_has_its_slots_all_the_same(zone: str, day: str) -> None:
    # Given a coach who works around the clock, with limits and spacing that ask for local days
    person = coach(["00:00", "24:00"], zone=zone, per_day=9, per_week=9, pre=0, post=0)
    # Then no quarter hour is lost around the missing midnight
    found = build(person, NOTHING_BUSY, (), origin=at(f"{day}T00:00"), days=2)
    assert len(found.open_starts(60)) == 2 * 96


@settings(max_examples=60, deadline=None)
@given(
    cases(), st.lists(st.integers(1, 60).map(lambda n: n * 5), min_size=1, max_size=5, unique=True)
)
def test_a_set_of_several_durations_says_of_each_what_a_set_of_its_own_says(
    case: Case, durations: list[int]
) -> None:
    together = _set(case, durations=tuple(durations))
    for duration in durations:
        alone = _set(case, durations=(duration,))
        assert np.array_equal(together.open_starts(duration), alone.open_starts(duration))
        assert np.array_equal(together.codes(duration), alone.codes(duration))


@settings(max_examples=120, deadline=None)
@given(cases(), st.integers(0, 4), st.integers(0, 3))
def test_no_choice_of_origin_and_days_changes_an_answer(
    case: Case, earlier: int, later: int
) -> None:
    # Given two sets that share some days, one of them beginning earlier or ending later
    duration = case["duration"]
    narrow, wide = _set(case), _set(case, earlier=earlier, days=2 + earlier + later)
    # Then they say the same of every quarter hour of those days
    cells = slice(96 * earlier, 96 * (earlier + 2))
    assert np.array_equal(narrow.codes(duration), wide.codes(duration)[cells])
    ends = narrow.origin, narrow.origin + 2 * DAY
    assert np.array_equal(narrow.open_starts(duration), wide.open_starts(duration, *ends))


@settings(max_examples=60, deadline=None)
@given(cases(), st.randoms())
def test_neither_order_nor_repetition_nor_overlap_of_busy_periods_matters(
    case: Case, random: Random
) -> None:
    shuffled = case["busy"] + random.choices(case["busy"], k=4) if case["busy"] else []
    random.shuffle(shuffled)
    assert _set({**case, "busy": shuffled}) == _set(case)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_cell_is_open_exactly_when_it_has_no_reason_to_be_closed(case: Case) -> None:
    found, bare = _set(case), _set(case, reasons=False)
    open_cells = np.flatnonzero(found.codes(case["duration"]) == 0)
    assert np.array_equal(found.open_starts(case["duration"]), found.origin + 900 * open_cells)
    # And leaving the reasons out leaves the bits as they are
    assert (bare.bits, bare.reasons) == (found.bits, b"")


def _set(
    case: Case, *, earlier: int = 0, days: int = 2, reasons: bool = True, **changes: Any
) -> SlotSet:
    """The set of a case from its own first day, or from some days earlier."""
    scenario = read(case)
    origin = (scenario.clock["since"] // DAY - earlier) * DAY
    person = replace(scenario.coach, **changes)
    return build(person, scenario.busy, scenario.own, origin=origin, days=days, reasons=reasons)


def test_a_set_holds_a_bit_for_each_quarter_hour_and_twelve_bytes_a_day_for_each_duration() -> None:
    found = monday(coach(durations=(30, 45)), days=7)
    assert len(found.bits) == 2 * 7 * 12
    # 07:00 is the 29th quarter hour: the fifth bit of the fourth byte, counted from the highest
    assert found.bits[:4] == bytes([0, 0, 0, 0b00001111])


def test_a_slice_of_a_set_holds_the_starts_from_its_begin_until_before_its_end() -> None:
    found = monday(coach(durations=(30, 60)), days=2)
    assert clocks(found.open_starts(60, at("07:00:01"), at("08:00"))) == ["07:15", "07:30", "07:45"]
    assert clocks(found.open_starts(60, at("08:00"), at("07:00"))) == []
    assert len(found.open_starts(60, 0, 1 << 40)) == len(found.open_starts(60))
    assert clocks(found.open_starts(60, at("2026-06-10T00:00"))) == []


def test_a_duration_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(Invalid, match="ask for one of 30, 60") as refused:
        monday(coach(durations=(30, 60))).open_starts(45)
    assert (refused.value.field, refused.value.code) == ("duration", "duration_not_offered")


def test_digests_are_equal_exactly_when_the_answers_are() -> None:
    quiet, shared = monday(coach()), monday(coach(), periods("03:00-04:00"))
    assert quiet.digest() == shared.digest()
    others = [
        monday(coach(), periods("10:00-11:00")),
        monday(coach(), own=[session("10:00-11:00")]),
        monday(coach(), days=2),
        monday(coach(durations=(60, 30))),
        monday(coach(), reasons=False),
    ]
    assert len({it.digest() for it in (quiet, *others)}) == 6


def test_a_set_built_without_reasons_says_so_when_asked_for_them() -> None:
    with pytest.raises(ValueError, match="reasons=True"):
        monday(coach(), reasons=False).codes(60)


@pytest.mark.parametrize(("origin", "days"), [("00:15", 1), ("00:00", 0)])
def test_a_set_begins_at_a_midnight_and_has_a_day(origin: str, days: int) -> None:
    with pytest.raises(ValueError, match="UTC midnight"):
        build(coach(), NOTHING_BUSY, (), origin=at(origin), days=days)
