"""A read that lacks most of what was known is made again; a meeting that is called off is not
doubted.
"""

import pytest

from domain.freebusy import BUSY, FREE, Item, Reading
from domain.suspicious_reads import vanished
from tests.domain.kit import DAY, at

NINE = at("09:00")


def meetings(count: int, calendar: str = "work", status: int = BUSY) -> list[Item]:
    return [(calendar, NINE + n * DAY, NINE + n * DAY + 3600, status, False) for n in range(count)]


@pytest.mark.parametrize(
    ("before", "left", "doubted"), [(5, 2, True), (5, 3, False), (6, 3, False), (400, 199, True)]
)
def test_more_than_half_of_many_periods_do_not_go_at_once(
    before: int, left: int, doubted: bool
) -> None:
    assert vanished(Reading.of(meetings(before)), Reading.of(meetings(left))) is doubted


@pytest.mark.parametrize(
    ("before", "left", "doubted"), [(1, 0, False), (2, 0, True), (4, 1, False)]
)
def test_a_calendar_does_not_lose_all_its_periods_at_once_unless_it_had_only_one(
    before: int, left: int, doubted: bool
) -> None:
    others = meetings(40, "home")
    known, read = [*others, *meetings(before)], [*others, *meetings(left)]
    assert vanished(Reading.of(known), Reading.of(read)) is doubted


def test_a_calendar_with_a_period_does_not_leave_the_list_at_once() -> None:
    known = Reading.of(meetings(1))
    assert vanished(known, known, unlisted={"work"})
    assert not vanished(known, known, unlisted={"home"})


def test_repeats_and_free_times_are_no_periods() -> None:
    twice = Reading.of([*meetings(1), *meetings(1), *meetings(9, status=FREE)])
    assert not vanished(twice, Reading.of([]))


def test_a_calendar_that_only_moved_has_not_vanished() -> None:
    moved = [
        (name, start + 3600, end + 3600, status, day)
        for name, start, end, status, day in meetings(9)
    ]
    assert not vanished(Reading.of(meetings(9)), Reading.of(moved))


def test_readings_of_different_days_are_compared_in_those_they_share() -> None:
    reading = Reading.of(meetings(5))
    assert (
        reading.between(NINE + 3600, NINE + 3 * DAY).digest()
        == Reading.of(meetings(5)[1:3]).digest()
    )
    assert len(reading.between(NINE + 3599, NINE + 1)) == 1
