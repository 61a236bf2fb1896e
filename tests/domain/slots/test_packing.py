"""Back-to-back scheduling."""

from domain.slots import build
from domain.slots.cells import columns
from domain.slots.reasons import Reason
from tests.domain.kit import DAY, NOTHING_BUSY, at, clocks, coach, monday, periods, session


def test_starts_follow_each_other_by_the_duration_and_the_larger_buffer() -> None:
    # Given pre 15 and post 30, so that an hour's session takes an hour and a half
    found = monday(coach(["09:00", "17:00"], mode="back_to_back")).open_starts(60)
    assert clocks(found) == ["09:00", "10:30", "12:00", "13:30", "15:00"]


def test_each_free_run_begins_at_its_first_open_start() -> None:
    person = coach(["09:00", "17:00"], mode="back_to_back")
    found = monday(person, periods("11:00-12:05")).open_starts(60)
    # 09:30 is the last open start before the busy hour; after it, 12:05 and a quarter hour's buffer
    # give 12:30
    assert clocks(found) == ["09:00", "12:30", "14:00", "15:30"]


def test_a_booked_session_does_not_shift_what_follows_it() -> None:
    # Given that somebody books the second of the packed starts
    person = coach(["09:00", "17:00"], mode="back_to_back")
    found = monday(person, own=[session("10:30-11:30", gap=30)]).open_starts(60)
    assert clocks(found) == ["09:00", "12:00", "13:30", "15:00"]


def test_the_spacing_is_rounded_up_to_the_quarter_hour() -> None:
    found = monday(coach(["09:00", "11:00"], mode="back_to_back", durations=(20,), pre=0, post=5))
    assert clocks(found.open_starts(20)) == ["09:00", "09:30", "10:00", "10:30"]


def test_each_duration_packs_by_itself() -> None:
    found = monday(
        coach(["09:00", "12:00"], mode="back_to_back", durations=(30, 90), pre=0, post=0)
    )
    assert clocks(found.open_starts(30)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert clocks(found.open_starts(90)) == ["09:00", "10:30"]


def test_open_starts_between_the_packed_ones_are_closed_for_spacing() -> None:
    codes = monday(coach(["09:00", "11:00"], mode="back_to_back", pre=0, post=0)).codes(60)
    assert codes[36:42].tolist() == [
        Reason.open,
        *[Reason.spacing] * 3,
        Reason.open,
        Reason.outside_hours,
    ]


def test_a_run_across_midnight_packs_on() -> None:
    # Given one run from 20:00 to 04:00, and 90 minutes a session
    found = monday(coach(["20:00", "04:00"], mode="back_to_back"), days=2).open_starts(
        60, at("20:00")
    )
    assert clocks(found)[:6] == ["20:00", "21:30", "23:00", "00:30", "02:00", "20:00"]


def test_a_coach_who_is_always_open_begins_anew_at_each_local_midnight() -> None:
    # Given spacings of 150 minutes, which do not divide a day, and a coach three hours ahead of UTC
    person = coach(["00:00", "24:00"], zone="Africa/Nairobi", mode="back_to_back", durations=(120,))
    found = build(person, NOTHING_BUSY, (), origin=at("00:00"), days=3)
    for day in (0, 1):
        midnight = at("21:00") + day * DAY
        starts = found.open_starts(120, midnight, midnight + DAY)
        assert ((starts - midnight) // 60).tolist() == list(range(0, 1440, 150))


def test_only_a_day_that_was_open_throughout_lets_the_next_begin_anew() -> None:
    # Given a run that begins at 22:00 on Monday, after an evening that was busy, and lasts until
    # Wednesday
    person = coach(["00:00", "24:00"], mode="back_to_back", durations=(90,), pre=0, post=0)
    found = monday(person, periods("21:00-22:00"), days=3).open_starts(90, at("22:00"))
    # Then it packs on across Tuesday's midnight, and begins anew at Wednesday's
    assert clocks(found)[:3] == ["22:00", "23:30", "01:00"]
    assert at("2026-06-10T00:00") in found.tolist()


def test_a_day_that_lost_its_first_quarter_hour_was_not_open_throughout() -> None:
    # Given a run that begins a quarter past Tuesday's midnight
    person = coach(["00:00", "24:00"], mode="back_to_back", durations=(90,), pre=0, post=0)
    late = columns([(at("23:00"), at("2026-06-09T00:15"))])
    found = monday(person, late, days=3).open_starts(90, at("2026-06-09T22:00"))
    # Then Wednesday goes on with Tuesday's count
    assert clocks(found)[:2] == ["22:45", "00:15"]
