"""The participant's booking page without a browser: its grid says what the API says, and what makes
no sense in an address is let be.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.hours import timezone
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, enter, open_starts, since_of, starts_in
from tests.webhooks.pages.booking.kit import TEN, bookings_of, listed

ROW = re.compile(r"<tr[^>]*><th>(\d\d):(\d\d)( <small>)?")
LIVE = re.compile(r'data-frame="(\d+-\d+)"')


def cells(page: str, zone: str, monday: date) -> dict[int, bool]:
    """Every cell of the grid by its instant, worked out from its row's and its column's header."""
    days = [
        date.fromisoformat(day) for day in re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)"', page)
    ]
    assert days == [monday + timedelta(days=number) for number in range(7)]
    found: dict[int, bool] = {}
    since = since_of(page)
    for line in re.findall(r"<tr[^>]*><th>.*", page):
        row = ROW.match(line)
        assert row is not None
        shown = re.findall(r"<td[^>]*>(?:<button name=q value=(\d+)|<i>([^<]+)</i>)", line)
        assert len(shown) == 7
        for day, (quarter, said) in zip(days, shown, strict=True):
            instant = instant_of(zone, day, int(row[1]), int(row[2]), again=bool(row[3]))
            if instant is None:
                missing = (
                    "On this day the clock shows this time once"
                    if row[3]
                    else "The clock skips this time"
                )
                assert said == missing
                continue
            assert said in ("", "Unavailable")
            assert quarter in ("", str((instant - since) // 900))
            assert instant not in found
            found[instant] = bool(quarter)
    return found


def instant_of(zone: str, day: date, hour: int, minute: int, *, again: bool) -> int | None:
    """When the clock shows this time; None when it does not, or not `again`."""
    rules = timezone(zone)
    first = datetime(day.year, day.month, day.day, hour, minute, tzinfo=rules)
    wanted = first.replace(fold=int(again))
    back = datetime.fromtimestamp(wanted.timestamp(), rules)
    skipped = (back.hour, back.minute) != (hour, minute)
    only_once = again and first.utcoffset() == wanted.utcoffset()
    return None if skipped or only_once else int(wanted.timestamp())


# Ada's clocks are London's; the viewer's change in the same weeks, in others, or never; Lord Howe's
# by half an hour.
DST = [
    ("Europe/London", date(2026, 10, 19)),
    ("Europe/London", date(2026, 3, 23)),
    ("Asia/Kathmandu", date(2026, 10, 19)),
    ("Asia/Kathmandu", date(2026, 3, 23)),
    ("Australia/Lord_Howe", date(2026, 9, 28)),
    ("Australia/Lord_Howe", date(2026, 3, 30)),
    ("Asia/Beirut", date(2026, 10, 19)),
    ("Africa/Cairo", date(2026, 4, 20)),
]


@pytest.mark.parametrize(("zone", "monday"), DST)
@pytest.mark.parametrize("duration", [30, 60])
def test_the_grid_says_what_the_api_says_cell_by_cell(
    fresh_database: Any, zone: str, monday: date, duration: int
) -> None:
    """For a coach who works by night too, so that the hours that come twice, or never, are among
    hers.
    """
    now = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - timedelta(days=3)
    days = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    body = desks.SETTINGS | {
        "hours": days | {"wed": [["10:00", "12:00"]]},
        "policy": {"kind": "hours_only"},
    }
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), now=now) as desk:
        assert desk.put("/v1/coaches/ada", body).status_code == 201
        start = f"{monday + timedelta(days=3)}T10:00:00Z"
        post(
            desk,
            "/v1/bookings",
            {"coach_id": "ada", "start": start, "duration": 60, "participant": HEDY},
        )
        guest = enter(desk, participant=GRACE | {"zone": zone})
        page = guest.get(f"/book?week={monday}&duration={duration}").text
        api = listed(desk, str(monday), str(monday + timedelta(days=7)), duration, zone)
        found = cells(page, zone, monday)
        assert sorted(instant for instant, is_open in found.items() if is_open) == api
        assert len(api) > 300
        assert len(found) == len(api) + sum(not is_open for is_open in found.values())
        first = int(
            datetime(monday.year, monday.month, monday.day, tzinfo=timezone(zone)).timestamp()
        )
        assert min(found) in (first, first + 900)
        assert zone.rpartition("/")[2].replace("_", " ") in page


def test_the_grid_of_office_hours_is_as_short_as_they_are(one_desk: Desk) -> None:
    page = enter(one_desk).get("/book?week=2026-06-01&duration=60").text
    found = cells(page, "Europe/London", date(2026, 6, 1))
    assert sorted(start for start, is_open in found.items() if is_open) == listed(
        one_desk, "2026-06-01", "2026-06-08"
    )
    assert people.at(2, 9) not in starts_in(page)
    assert min(found) == people.at(1, 8)
    assert max(found) == people.at(7, 15, 45)


def test_the_grid_never_shrinks_while_somebody_looks(one_desk: Desk) -> None:
    guest = enter(one_desk)
    before = guest.get("/book?week=2026-06-01&duration=60").text
    frame = LIVE.search(before)
    assert frame is not None
    for hour in (8, 10, 12, 14):  # the first hours of each day of the week go
        for day in range(1, 6):
            start = f"2026-06-{day:02}T{hour:02}:15:00Z"
            post(
                one_desk,
                "/v1/bookings",
                {"coach_id": "ada", "start": start, "duration": 60, "participant": HEDY},
            )
    after = guest.get(f"/book/grid?week=2026-06-01&duration=60&frame={frame[1]}").text
    monday = date(2026, 6, 1)
    assert (
        cells(after, "Europe/London", monday).keys()
        == cells(before, "Europe/London", monday).keys()
    )
    assert len(starts_in(after)) < len(starts_in(before))


def test_the_live_grid_is_sent_again_only_when_it_changed(one_desk: Desk) -> None:
    guest = enter(one_desk)
    path = "/book/grid?week=2026-06-01&duration=60"
    first = guest.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    assert (guest.get(path, headers=known).status_code, guest.get(path, headers=known).text) == (
        304,
        "",
    )
    enter(one_desk, participant=HEDY).book(TEN)
    again = guest.get(path, headers=known)
    assert again.status_code == 200
    assert len(open_starts(again)) == len(open_starts(first)) - 9


def test_the_viewer_s_zone_is_the_participant_s_and_can_be_switched(one_desk: Desk) -> None:
    guest = enter(one_desk, participant=GRACE | {"zone": "Asia/Kathmandu"})
    page = guest.get("/book?duration=60").text
    assert "All times are in Nepal Time (Kathmandu)" in page
    assert 'name="zone" list="zones" value="Kathmandu +05:45"' in page
    switched = guest.get("/book?duration=60&zone=America/New_York").text
    assert "All times are in Eastern Time (New York)" in switched
    assert sorted(starts_in(page)) == sorted(starts_in(switched))
    assert guest.get("/book?zone=Mars/Base").status_code == 422


def test_a_week_without_a_time_tells_where_the_next_one_is(one_desk: Desk) -> None:
    page = enter(one_desk).get("/book?week=2026-05-25&duration=60").text
    assert "No time is available this week" in page
    assert "The next one is on Monday 1 June 2026" in page.replace("Monday, ", "Monday ")
    assert "week=2026-06-01" in page


def test_an_untrusted_calendar_is_not_told_it_is_only_not_open(one_desk: Desk) -> None:
    people.introduce(
        one_desk.database,
        replace(people.ADA, id="new", policy=replace(people.ADA.policy, kind="hide")),
    )
    page = enter(one_desk, coach_id="new").get("/book").text
    assert "No time is available this week" in page
    assert "untrusted" not in page
    assert "unconnected" not in page


@pytest.mark.parametrize(
    "query",
    [
        "week=x",
        "week=9999-12-31",
        "week=0001-01-01",
        "week=2026-06-03",
        "duration=x",
        "duration=7",
        "frame=9",
        "frame=9999-1",
        "move=",
        "zone=",
    ],
)
def test_what_makes_no_sense_in_an_address_is_let_be(one_desk: Desk, query: str) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book?{query}").status_code == 200
    assert guest.get(f"/book/grid?{query}").status_code == 200


@pytest.mark.parametrize("start", ["", "x", "-1", str(2**32), "9" * 30, "9" * 5000, "1.5"])
def test_a_start_that_is_none_is_not_understood(one_desk: Desk, start: str) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book/confirm?start={start}").status_code == 422
    form = guest.confirm(TEN) | {"start": start}
    assert guest.post("/book", form).status_code == 422


@pytest.mark.parametrize("start", [TEN + 60, 0, 2**32 - 1, people.at(2, 9)])
def test_a_start_that_is_not_open_is_refused_with_those_that_are(
    one_desk: Desk, start: int
) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book/confirm?start={start}&duration=60").status_code == 409
    answer = guest.post("/book", guest.confirm(TEN) | {"start": str(start)})
    assert answer.status_code in (409, 422)
    assert bookings_of(one_desk) == []
