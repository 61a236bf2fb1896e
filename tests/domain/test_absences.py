"""Absences as JSON has them: what is taken, and what is told of the rest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.absences import (
    MOST_AWAY,
    MOST_TRIPS,
    PublicHolidays,
    away_json,
    away_of,
    check_holidays,
    dates_of,
    holidays_json,
    trips_json,
    trips_of,
)
from domain.errors import Invalid
from domain.hours import day_bounds, local_days
from tests.domain.cases import ZONES

AWAY = {"from": "2026-12-24T12:00", "to": "2026-12-27T00:00", "note": "Skiing"}
TRIP = {"first": "2026-05-01", "last": "2026-05-14", "zone": "Asia/Tokyo"}


def test_what_is_shown_is_what_is_taken() -> None:
    later = AWAY | {"from": "2027-01-01T00:00", "to": "2027-01-02T00:00", "note": ""}
    assert away_json(away_of([later, AWAY])) == [AWAY, later]
    assert trips_json(trips_of([TRIP])) == [TRIP]
    chosen = PublicHolidays("GB", "SCT", ("Boxing Day",), dates_of(["2026-12-26"], "dates"))
    assert holidays_json(chosen) == {
        "country": "GB",
        "region": "SCT",
        "names": ["Boxing Day"],
        "dates": ["2026-12-26"],
    }
    assert holidays_json(PublicHolidays()) is None


def test_a_note_is_in_no_text_of_an_absence() -> None:
    assert "Skiing" not in repr(away_of([AWAY]))


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ("x", "away", "not_a_list"),
        ([AWAY] * (MOST_AWAY + 1), "away", "too_many"),
        (["x"], "away[0]", "not_an_object"),
        ([AWAY | {"until": "x"}], "away[0].until", "unknown_field"),
        ([{"from": "2026-12-24T12:00"}], "away[0].to", "invalid_date"),
        ([AWAY | {"from": "2026-12-24"}], "away[0].from", "invalid_date"),
        ([AWAY | {"from": "2026-12-24T24:00"}], "away[0].from", "invalid_date"),
        ([AWAY | {"from": "2026-12-24T12:00Z"}], "away[0].from", "invalid_date"),
        ([AWAY | {"from": "1066-12-24T12:00"}], "away[0].from", "out_of_range"),
        ([AWAY, AWAY | {"to": "2026-12-24T12:00"}], "away[1].to", "reversed_range"),
        ([AWAY | {"note": 7}], "away[0].note", "invalid_value"),
        ([AWAY | {"note": "\0"}], "away[0].note", "invalid_value"),
        ([AWAY | {"note": "x" * 301}], "away[0].note", "too_many"),
        ([AWAY | {"note": " \u200b"}], "away[0].note", "shows_nothing"),
    ],
)
def test_an_absence_that_is_none_is_refused(sent: Any, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        away_of(sent)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({}, "travel", "not_a_list"),
        ([TRIP] * (MOST_TRIPS + 1), "travel", "too_many"),
        ([TRIP | {"first": "20260501"}], "travel[0].first", "invalid_date"),
        ([TRIP | {"first": "2026-05-32"}], "travel[0].first", "invalid_date"),
        ([TRIP | {"last": "2026-04-30"}], "travel[0].last", "reversed_range"),
        ([TRIP | {"zone": "Mars/Olympus"}], "travel[0].zone", "unknown_zone"),
        ([TRIP | {"zone": None}], "travel[0].zone", "unknown_zone"),
        ([TRIP, TRIP | {"first": "2026-05-14", "last": "2026-05-20"}], "travel", "ranges_overlap"),
    ],
)
def test_a_trip_that_is_none_is_refused(sent: Any, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        trips_of(sent)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("chosen", "field", "code"),
    [
        (PublicHolidays("<b>"), "holidays.country", "unknown_country_or_region"),
        (PublicHolidays("GB", "\0"), "holidays.region", "unknown_country_or_region"),
        (PublicHolidays("GB", "", ("x",) * 101), "holidays.names", "too_many"),
        (PublicHolidays("GB", "", ("\0",)), "holidays.names[0]", "invalid_value"),
    ],
)
def test_holidays_that_are_none_are_refused(chosen: PublicHolidays, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_holidays(chosen)
    assert (refused.value.field, refused.value.code) == (field, code)


ELSEWHERE = st.sampled_from((*ZONES, "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago"))
DAY = st.integers(1, 28).map(lambda day: f"2026-06-{day:02}")


@given(ELSEWHERE, ELSEWHERE, DAY, DAY)
def test_each_instant_is_on_one_date_wherever_the_coach_is(
    home: str, there: str, one: str, other: str
) -> None:
    trips = trips_of([{"first": min(one, other), "last": max(one, other), "zone": there}])
    # Given a season around the trip
    since, until = 1_780_000_000, 1_780_000_000 + 60 * 86_400
    days = local_days(home, since, until, trips)
    ends = [end for _, _, end in days[:-1]]
    begins = [begin for _, begin, _ in days[1:]]
    assert ends == begins
    assert days[0][1] <= since
    assert days[-1][2] >= until
    # And each date begins where the coach is on it
    for day, begin, end in days:
        assert (begin, end) == day_bounds(home, trips, day)
        assert begin < end
