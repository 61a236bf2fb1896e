"""Working hours as instants: the rules' clock changes by name, and any window against a
minute-by-minute oracle.
"""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.hours import DAY, Hours, local_days, midnight, open_windows
from domain.intervals import Interval
from tests.domain import oracle
from tests.domain.cases import DAYS, PLACES, WEEKS, WINDOWS, ZONES


def instants(zone: str, day: str, *wall: list[str]) -> list[str]:
    """The windows of one date, as "2026-10-24T22:00/2026-10-25T03:00"."""
    hours = Hours.parse(zone, {}, {day: list(wall)})
    first = date.fromisoformat(day)
    return [
        f"{_text(start)}/{_text(end)}" for start, end in open_windows(hours, first, first + DAY)
    ]


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("zone", "day", "window", "expected"),
    [
        # an hour repeated: five real hours; an hour skipped: two
        ("Europe/Berlin", "2026-10-25", ["00:00", "04:00"], "2026-10-24T22:00/2026-10-25T03:00"),
        ("Europe/Berlin", "2026-03-29", ["01:00", "04:00"], "2026-03-29T00:00/2026-03-29T02:00"),
        ("America/New_York", "2026-11-01", ["09:00", "17:00"], "2026-11-01T14:00/2026-11-01T22:00"),
        # a begin, and an end, inside the hour that is skipped
        ("Europe/Berlin", "2026-03-29", ["02:30", "05:00"], "2026-03-29T01:30/2026-03-29T03:00"),
        ("America/New_York", "2026-03-08", ["01:00", "02:30"], "2026-03-08T06:00/2026-03-08T07:30"),
        # a begin in the repeated hour is its first occurrence, an end its second
        ("Europe/London", "2026-10-25", ["01:15", "01:45"], "2026-10-25T00:15/2026-10-25T01:45"),
        # half an hour: Lord Howe
        (
            "Australia/Lord_Howe",
            "2026-10-04",
            ["01:00", "04:00"],
            "2026-10-03T14:30/2026-10-03T17:00",
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-05",
            ["00:00", "01:45"],
            "2026-04-04T13:00/2026-04-04T15:15",
        ),
        # midnight missing, and midnight repeated
        ("Africa/Cairo", "2026-04-24", ["00:00", "02:00"], "2026-04-23T22:00/2026-04-23T23:00"),
        ("America/Santiago", "2026-09-06", ["00:30", "03:00"], "2026-09-06T04:30/2026-09-06T06:00"),
        ("America/Havana", "2025-11-01", ["20:00", "24:00"], "2025-11-02T00:00/2025-11-02T05:00"),
        # across midnight, into a clock change
        ("Europe/Berlin", "2026-03-28", ["22:00", "04:00"], "2026-03-28T21:00/2026-03-29T02:00"),
        ("Asia/Kathmandu", "2026-06-08", ["09:00", "17:00"], "2026-06-08T03:15/2026-06-08T11:15"),
        ("Europe/London", "2026-01-05", ["09:00", "09:00"], "2026-01-05T09:00/2026-01-06T09:00"),
    ],
)
def test_wall_clock_windows_become_instants_by_the_convention(
    zone: str, day: str, window: list[str], expected: str
) -> None:
    assert instants(zone, day, window) == [expected]


def test_a_window_that_the_gap_inverts_is_empty() -> None:
    assert instants("Europe/Berlin", "2026-03-29", ["02:30", "03:15"]) == []


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(PLACES), WEEKS, st.dictionaries(st.integers(-2, 2), WINDOWS, max_size=2))
def test_windows_cover_the_minutes_that_the_oracle_finds(
    place: tuple[str, date], weekly: dict[str, Any], drawn: dict[int, Any]
) -> None:
    zone, changed = place
    overrides = {str(changed + timedelta(days=n)): walls for n, walls in drawn.items()}
    since, until = changed - 3 * DAY, changed + 4 * DAY
    found = open_windows(Hours.parse(zone, weekly, overrides), since, until)
    assert list(found) == list(_minute_by_minute(ZoneInfo(zone), weekly, overrides, since, until))


def _minute_by_minute(
    zone: ZoneInfo, weekly: dict[str, Any], overrides: dict[str, Any], since: date, until: date
) -> list[Interval]:
    working: set[int] = set()
    for day in (since + timedelta(days=n) for n in range((until - since).days)):
        for start, end in overrides.get(str(day), weekly.get(DAYS[day.weekday()], [])):
            opens, closes = oracle.wall(day, start), oracle.wall(day, end)
            closes += timedelta(days=closes <= opens)
            first, last = (
                int(edge.timestamp()) // 60
                for edge in (oracle.first(zone, opens), oracle.last(zone, closes))
            )
            working.update(range(first, last))
    begins = sorted(minute for minute in working if minute - 1 not in working)
    ends = sorted(minute + 1 for minute in working if minute + 1 not in working)
    return [(60 * begin, 60 * end) for begin, end in zip(begins, ends, strict=True)]


def test_windows_that_touch_join_across_midnight_too() -> None:
    hours = Hours.parse(
        "America/Santiago", {"sat": [["20:00", "24:00"]], "sun": [["00:00", "04:00"]]}, {}
    )
    # Sunday has no midnight: 24:00 on Saturday is 01:00 on Sunday, and so is 00:00
    found = open_windows(hours, date(2026, 9, 5), date(2026, 9, 7))
    assert [(_text(start), _text(end)) for start, end in found] == [
        ("2026-09-06T00:00", "2026-09-06T07:00")
    ]


def test_an_override_replaces_its_own_windows_and_leaves_the_tail_of_yesterdays() -> None:
    week = {day: [["22:00", "02:00"]] for day in DAYS}
    hours = Hours.parse(
        "UTC", week, {"2026-06-09": [], "2026-06-10": [["22:00", "23:00"], ["12:00", "13:00"]]}
    )
    found = open_windows(hours, date(2026, 6, 8), date(2026, 6, 11))
    assert [(_text(start)[8:], _text(end)[8:]) for start, end in found] == [
        ("08T22:00", "09T02:00"),
        ("10T12:00", "10T13:00"),
        ("10T22:00", "10T23:00"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    WEEKS,
    st.dictionaries(
        st.dates(date(1973, 1, 1), date(2199, 12, 31)).map(str),
        st.one_of(st.just([]), WINDOWS),
        max_size=3,
    ),
)
def test_hours_survive_their_json(weekly: dict[str, Any], overrides: dict[str, Any]) -> None:
    hours = Hours.parse("Europe/Berlin", weekly, overrides)
    again = Hours.parse("Europe/Berlin", hours.weekly_json(), hours.overrides_json())
    assert again == hours
    assert hash(again) == hash(hours)


def test_json_shows_hours_as_people_wrote_them() -> None:
    weekly = {"mon": [["09:00", "12:30"], ["22:00", "02:00"]], "sun": [["00:00", "24:00"]]}
    hours = Hours.parse(
        "Europe/Berlin", weekly, {"2026-12-24": [], "2026-12-23": [["20:00", "24:00"]]}
    )
    assert hours.weekly_json() == weekly
    assert hours.overrides_json() == {"2026-12-23": [["20:00", "24:00"]], "2026-12-24": []}


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_follow_each_other_and_begin_at_their_first_instant(zone: str) -> None:
    start, end = (int(datetime(2026, month, 1, 5, 30, tzinfo=UTC).timestamp()) for month in (1, 12))
    days = local_days(zone, start, end)
    assert days[0][1] <= start < days[0][2]
    assert days[-1][1] < end <= days[-1][2]
    assert all(
        before[2] == after[1] and before[0] + DAY == after[0] for before, after in pairwise(days)
    )
    for day, first, last in days:
        inside = [
            datetime.fromtimestamp(instant, ZoneInfo(zone)).date()
            for instant in (first - 1, first, last - 1)
        ]
        assert inside == [day - DAY, day, day]


def test_a_missing_midnight_is_the_instant_at_which_the_date_begins() -> None:
    assert _text(midnight("Africa/Cairo", date(2026, 4, 24))) == "2026-04-23T22:00"
    assert _text(midnight("America/Havana", date(2026, 3, 8))) == "2026-03-08T05:00"


def test_a_date_that_a_zone_skipped_is_no_local_day() -> None:
    # Samoa went from 29 to 31 December 2011
    first, last = (int(datetime(2011, 12, day, 12, tzinfo=UTC).timestamp()) for day in (29, 31))
    days = [str(day) for day, _, _ in local_days("Pacific/Apia", first, last)]
    assert days == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_zones_come_from_the_pinned_package_and_not_from_the_machine(tmp_path: Path) -> None:
    # Given a machine that says London is in Kathmandu
    (tmp_path / "Europe").mkdir()
    kathmandu = files("tzdata").joinpath("zoneinfo", "Asia", "Kathmandu").read_bytes()
    (tmp_path / "Europe" / "London").write_bytes(kathmandu)
    # When hours in London are resolved there
    program = (
        "import datetime, domain.hours as h; print(h.midnight('Europe/London',"
        " datetime.date(2026, 6, 8)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    # Then they are London's
    assert int(found.stdout) == int(datetime(2026, 6, 7, 23, tzinfo=UTC).timestamp())
