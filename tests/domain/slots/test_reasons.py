"""Why a quarter hour is closed: the precedence, and the coding."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from domain.slots import SlotSet
from domain.slots.reasons import Codes, Reason, decode, encode
from tests.domain.kit import at, coach, monday, periods, session

CODES = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 60)), elements=st.integers(0, 15)
)


@given(CODES)
def test_reasons_survive_their_coding(codes: Codes) -> None:
    coded = encode(codes)
    rows, cells = codes.shape
    for row in range(rows):
        assert np.array_equal(decode(coded, row, rows=rows, cells=cells), codes[row])


def test_a_run_of_one_reason_takes_four_bytes() -> None:
    assert len(encode(np.full((1, 9000), Reason.busy, np.uint8))) == 4 + 4


def test_stored_numbers_never_change_their_meaning() -> None:
    names = "open horizon notice untrusted spacing limit buffer busy session outside_hours day_off"
    names += " unsettled"
    names += " away holiday"
    names += " hold"
    assert [reason.name for reason in Reason] == names.split()


def why(found: SlotSet, clock: str) -> str:
    return Reason(found.codes(60)[found.span.cell(at(clock))]).name


def test_the_reason_given_is_the_first_that_holds_of_hours_session_busy_buffer_and_limit() -> None:
    # Given a full day with a session within a busy period within its hours
    person = coach(["09:00", "15:00"], per_day=1, pre=15, post=15)
    found = monday(person, periods("10:00-13:00"), [session("11:00-12:00")])
    assert why(found, "08:45") == "outside_hours"
    assert why(found, "09:15") == "busy"
    assert why(found, "10:15") == "session"
    assert why(found, "12:45") == "busy"
    assert why(found, "13:00") == "buffer"
    assert why(found, "13:15") == "limit"
    assert why(found, "14:15") == "outside_hours"


def test_a_time_that_is_held_says_so_where_a_session_would_say_session() -> None:
    # Given a hold within a busy period, a session beside it, and the end of the day
    held = replace(session("11:00-12:00"), hold=True)
    found = monday(coach(pre=0, post=0), periods("10:00-13:00"), [held, session("12:00-12:30")])
    assert why(found, "10:15") == "hold"
    assert why(found, "11:30") == "session"
    assert why(found, "09:30") == "busy"
    late = monday(coach(["09:00", "12:00"], pre=0, post=0), own=[held])
    assert [why(late, clock) for clock in ("10:00", "10:15", "11:15")] == [
        "open",
        "hold",
        "outside_hours",
    ]


def test_the_gap_of_a_hold_is_a_buffer_too() -> None:
    held = replace(session("11:00-12:00", gap=30), hold=True)
    found = monday(coach(pre=0, post=0), own=[held])
    assert [why(found, clock) for clock in ("09:30", "09:45", "12:15", "12:30")] == [
        "open",
        "buffer",
        "buffer",
        "open",
    ]


def test_the_gap_of_a_session_is_a_buffer() -> None:
    found = monday(coach(pre=0, post=0), own=[session("11:00-12:00", gap=30)])
    assert [why(found, clock) for clock in ("09:30", "09:45", "10:15", "12:15", "12:30")] == [
        "open",
        "buffer",
        "session",
        "buffer",
        "open",
    ]


def test_a_day_off_is_told_from_the_hours_that_are_never_worked() -> None:
    # Given a night shift, and a Tuesday off
    person = coach(["22:00", "02:00"], zone="Europe/Berlin", overrides={"2026-06-09": []})
    found = monday(person, days=3)
    # Then Monday's shift keeps its tail, what follows it on Tuesday is off, and Wednesday's day is
    # no working time
    assert why(found, "12:00") == "outside_hours"
    assert why(found, "2026-06-08T22:30") == "open"
    assert why(found, "2026-06-09T00:00") == "day_off"
    assert why(found, "2026-06-09T21:45") == "day_off"
    assert why(found, "2026-06-09T22:00") == "outside_hours"
    assert why(found, "2026-06-10T20:00") == "open"
