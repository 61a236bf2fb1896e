"""Coaches who are not there, or elsewhere: the worked examples."""

from datetime import date, datetime
from typing import Any

import pytest

from domain.absences import Away, PublicHolidays
from domain.coaches import Coach
from domain.scenario import evaluate
from domain.slots import Own, SlotSet, build
from domain.slots.absent import reason_absent
from domain.slots.reasons import Reason
from domain.trips import Trip
from tests.domain.kit import DAY, NOTHING_BUSY, at, clocks, coach, monday, periods, session, through


def away(since: str, until: str) -> tuple[Away, ...]:
    texts = (text if "T" in text else f"2026-06-08T{text}" for text in (since, until))
    begin, end = map(datetime.fromisoformat, texts)
    return (Away(begin, end, "Skiing"),)


def trip(first: str, last: str, zone: str) -> tuple[Trip, ...]:
    return (Trip(date.fromisoformat(first), date.fromisoformat(last), zone),)


def holidays(*days: str) -> PublicHolidays:
    return PublicHolidays("GB", "", ("Some Day",), tuple(map(date.fromisoformat, days)))


def why(found: SlotSet, clock: str) -> str:
    return Reason(found.codes(60)[found.span.cell(at(clock))]).name


def test_nobody_is_booked_while_the_coach_is_away_and_no_buffer_is_kept_around_it() -> None:
    found = monday(coach(away=away("10:00", "11:30")))
    assert clocks(found.open_starts(60)) == through("07:00", "09:00") + through("11:30", "17:00")
    assert [why(found, clock) for clock in ("09:00", "09:15", "11:15", "11:30")] == [
        "open",
        "away",
        "away",
        "open",
    ]


def test_away_is_told_before_what_else_closes_a_time_and_a_holiday_before_that() -> None:
    everything: Any = {
        "away": away("00:00", "2026-06-10T00:00"),
        "holidays": holidays("2026-06-09"),
    }
    person = coach(["07:00", "18:00"], overrides={"2026-06-08": []}, **everything)
    found = monday(person, periods("10:00-11:00"), [session("12:00-13:00")], days=3)
    for clock in ("03:00", "10:00", "12:00"):
        assert why(found, clock) == "away"
        assert why(found, f"2026-06-09T{clock}") == "holiday"
        assert why(found, f"2026-06-10T{clock}") not in ("away", "holiday")


def test_the_clocks_of_the_coach_s_zone_say_when_they_are_away() -> None:
    # Given a quarter to ten in Kathmandu, which is four o'clock in UTC
    person = coach(["00:00", "24:00"], zone="Asia/Kathmandu", away=away("09:45", "11:45"))
    found = monday(person)
    assert [why(found, clock) for clock in ("02:45", "03:00", "05:45", "06:00")] == [
        "open",
        "open",
        "away",
        "open",
    ]
    assert why(found, "03:15") == "away"


@pytest.mark.parametrize(
    ("since", "until", "closed"),
    [
        # From the first 01:30 to the second: an hour, and not nothing
        ("2026-10-25T01:30", "2026-10-25T01:30", ("2026-10-25T00:30", "2026-10-25T01:30")),
        ("2026-10-25T01:15", "2026-10-25T01:45", ("2026-10-25T00:15", "2026-10-25T01:45")),
        # Both in the hour that is skipped, and in order after it
        ("2026-03-29T01:15", "2026-03-29T01:45", ("2026-03-29T01:15", "2026-03-29T01:45")),
        # The end is before the beginning once that was moved out of the hour
        ("2026-03-29T01:45", "2026-03-29T02:15", None),
    ],
)
def test_clock_changes_make_an_absence_as_long_as_it_can_mean(
    since: str, until: str, closed: tuple[str, str] | None
) -> None:
    begin, end = map(datetime.fromisoformat, (since, until))
    person = coach(
        ["00:00", "24:00"], zone="Europe/London", durations=(15,), away=(Away(begin, end),)
    )
    found = build(person, NOTHING_BUSY, (), origin=at(f"{since[:10]}T00:00"), days=1)
    shut = [found.origin + 900 * cell for cell in range(96) if found.codes(15)[cell]]
    expected: list[int] = []
    if closed is not None:
        expected = list(range(at(closed[0]), at(closed[1]), 900))
    assert shut == expected


def test_a_holiday_takes_away_the_windows_that_begin_on_its_date() -> None:
    # Given nights, of which one begins on a holiday, and one the evening before
    person = coach(["22:00", "03:00"], holidays=holidays("2026-06-09"), pre=0, post=0)
    found = monday(person, days=3)
    assert why(found, "2026-06-08T23:00") == why(found, "2026-06-09T01:00") == "open"
    assert why(found, "2026-06-09T12:00") == why(found, "2026-06-09T22:30") == "holiday"
    assert why(found, "2026-06-10T01:00") == "outside_hours"
    assert why(found, "2026-06-10T23:00") == "open"


def test_hours_of_a_date_of_its_own_are_not_worked_on_a_holiday() -> None:
    overrides = {"2026-06-09": [["10:00", "12:00"]]}
    found = monday(coach(overrides=overrides, holidays=holidays("2026-06-09")), days=2)
    assert why(found, "2026-06-09T10:00") == "holiday"


def tokyo(**more: Any) -> Coach:
    """Of London, in Tokyo on Tuesday."""
    trips = trip("2026-06-09", "2026-06-09", "Asia/Tokyo")
    return coach(["09:00", "12:00"], zone="Europe/London", trips=trips, pre=0, post=0, **more)


def test_hours_of_a_trip_are_those_of_its_place() -> None:
    found = monday(tokyo(), days=3)
    starts = found.open_starts(60).tolist()
    # London on Monday, Tokyo on Tuesday, London again on Wednesday
    expected = [at("08:00"), at("2026-06-09T00:00"), at("2026-06-10T08:00")]
    assert [start for start in starts if start - 900 not in starts] == expected
    assert len(starts) == 3 * 9


def test_a_day_s_limit_counts_the_days_of_the_place() -> None:
    # Given one session a day, and one on Tuesday morning in Tokyo, which is Monday night in London
    booked = Own(at("2026-06-09T01:00"), at("2026-06-09T02:00"), 0)
    person = coach(
        ["08:00", "20:00"],
        zone="Europe/London",
        trips=trip("2026-06-09", "2026-06-09", "Asia/Tokyo"),
        per_day=1,
    )
    found = monday(person, own=[booked], days=3)
    # Then Tuesday in Tokyo is full, and neither Monday nor Wednesday in London is
    assert why(found, "2026-06-09T08:00") == "limit"
    assert why(found, "08:00") == why(found, "2026-06-10T08:00") == "open"


def test_over_the_date_line_a_date_may_be_skipped_and_its_windows_stay() -> None:
    # Given noon to three on Monday in Pago Pago, and on Tuesday in Kiritimati: 25 hours east
    person = coach(
        ["12:00", "15:00"],
        zone="Pacific/Pago_Pago",
        trips=trip("2026-06-09", "2026-06-09", "Pacific/Kiritimati"),
        pre=0,
        post=0,
    )
    found = monday(person, days=2)
    # Then Tuesday's window begins an hour before Monday's does, and both are one
    starts = found.open_starts(60, at("12:00")).tolist()
    assert (starts[0], starts[-1]) == (at("22:00"), at("2026-06-09T01:00"))
    assert len(starts) == 13


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("09:00", "10:00", None),
        ("09:15", "10:15", Reason.away),
        ("2026-06-09T10:00", "2026-06-09T11:00", Reason.holiday),
        ("2026-06-09T03:00", "2026-06-09T04:00", Reason.holiday),
        ("2026-06-10T03:00", "2026-06-10T04:00", None),
    ],
)
def test_a_session_is_inside_by_the_rule_of_the_slots(
    start: str, end: str, reason: Reason | None
) -> None:
    person = coach(away=away("10:00", "11:30"), holidays=holidays("2026-06-09"))
    assert reason_absent(person, at(start), at(end)) == reason


def test_what_lies_in_the_window_of_the_evening_before_is_not_on_the_holiday() -> None:
    person = coach(["22:00", "03:00"], holidays=holidays("2026-06-09"))
    late, later = at("2026-06-09T01:00"), at("2026-06-09T02:00")
    assert reason_absent(person, late, later) is None
    assert reason_absent(person, later, later + 2 * 3600) is Reason.holiday


def test_an_all_day_item_blocks_the_day_where_the_coach_is_on_it() -> None:
    # Given a coach of New York who is in Tokyo on Tuesday, and busy all of Tuesday
    case = {
        "zone": "America/New_York",
        "hours": {day: [["09:00", "10:00"]] for day in ("mon", "tue", "wed")},
        "travel": [{"first": "2026-06-09", "last": "2026-06-09", "zone": "Asia/Tokyo"}],
        "duration": 60,
        "now": "2026-06-08T00:00:00Z",
        "from": "2026-06-08T00:00:00Z",
        "to": "2026-06-11T00:00:00Z",
    }
    mornings = ["2026-06-08T13:00:00Z", "2026-06-09T00:00:00Z", "2026-06-10T13:00:00Z"]
    assert evaluate(case)["starts"] == mornings
    busy = case | {"busy": [["2026-06-09", "2026-06-10"]]}
    assert evaluate(busy)["starts"] == [mornings[0], mornings[2]]
    # And all of Monday reaches to the end of it in New York, where Tuesday has begun in Tokyo
    busy = case | {"busy": [["2026-06-08", "2026-06-09"]]}
    assert mornings[0] not in evaluate(busy)["starts"]
    assert mornings[2] in evaluate(busy)["starts"]


def test_where_a_packed_day_begins_is_known_however_long_the_days_before_it_were() -> None:
    # Given 47 hours of a Friday, no Saturday, and 49 hours of a Sunday, over the date line and back
    trips = (
        *trip("2026-03-07", "2026-03-07", "Pacific/Niue"),
        *trip("2026-03-08", "2026-03-08", "Pacific/Kiritimati"),
        *trip("2026-03-09", "2026-03-09", "Pacific/Niue"),
    )
    # And a coach who works through all of Friday
    person = coach(
        ["00:00", "24:00"],
        ["23:45", "23:45"],
        zone="Pacific/Tongatapu",
        trips=trips,
        mode="back_to_back",
        durations=(75,),
        pre=0,
        post=0,
    )
    whole = build(person, NOTHING_BUSY, (), origin=at("2026-02-20T00:00"), days=24)
    for day in range(5, 14):
        origin = at(f"2026-03-{day:02}T00:00")
        found = build(person, NOTHING_BUSY, (), origin=origin, days=1)
        expected = whole.open_starts(75, origin, origin + DAY)
        assert found.open_starts(75).tolist() == expected.tolist(), day
