"""The calendar settings page without a browser: the preview is what is there after saving, and
writes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.coaches import Policy
from domain.windows import WEEKDAYS
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.settings_page import COUNT, FRAGMENT, enter, send


def cells(page: str) -> str:
    """Open and closed, as drawn, and the words."""
    return page[page.index('<div class="effect"') : page.index("</table>")]


CHANGES: list[dict[str, Any]] = [
    {"pre": "60", "post": "60"},
    {"hours__mon": "12:00-20:00", "hours__sun": "00:00-24:00"},
    {"mode": "back_to_back", "durations": ["60"]},
    {"notice": "3", "notice_unit": "days"},
    {"horizon_days": "2"},
    {"horizon_days": "180", "hours__wed": "22:00-03:00"},
    {"zone": "Asia/Kathmandu"},
    {"zone": "Australia/Lord_Howe"},
    {"override_date": ["2026-06-03"], "override_hours": [""]},
    {"durations": ["45"]},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_the_preview_is_what_is_there_after_saving_and_writes_nothing(
    desk: Desk, csrf: str, changes: dict[str, Any]
) -> None:
    before = desk.dump()
    saved = cells(desk.client.get("/settings").text)
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, **changes)
    assert preview.status_code == 200
    assert "<html" not in preview.text
    assert desk.dump() == before
    assert cells(preview.text) != saved
    assert send(desk, csrf, **changes).status_code == 303
    after = desk.client.get("/settings").text
    assert cells(after) == cells(preview.text)
    assert COUNT.findall(after) == COUNT.findall(preview.text)


def test_a_coach_whose_policy_is_hours_alone_previews_hours_alone(desk: Desk) -> None:
    """While the calendars cannot be trusted."""
    coach = replace(people.MAILED, policy=Policy("hours_only", 24))
    connection_id = people.ready(desk.database, coach, (people.at(2, 9), people.at(2, 10)))
    with desk.database.write() as tx:
        mine = tables.connections.c.id == connection_id
        tx.execute(tables.connections.update().where(mine).values(trouble="revoked"))
    csrf = enter(desk)
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, hours__wed="")
    send(desk, csrf, hours__wed="")
    assert cells(desk.client.get("/settings").text) == cells(preview.text)
    assert COUNT.findall(preview.text) == [str(4 * 31)]


def test_the_preview_is_what_the_api_says_after_saving(desk: Desk, csrf: str) -> None:
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, pre="45", show="60").text
    send(desk, csrf, pre="45")
    starts = desk.get("/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60").json[
        "starts"
    ]
    assert COUNT.findall(preview) == [str(len(starts))]
    assert "fewer than saved" in preview


def test_the_preview_of_a_length_is_asked_for_by_name(one_desk: Desk) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    counts = [
        COUNT.findall(send(one_desk, csrf, "/settings/preview", headers=FRAGMENT, show=show).text)
        for show in ("30", "60", "61", "x")
    ]
    assert counts[0] == counts[2] == counts[3]
    assert int(counts[1][0]) < int(counts[0][0])


def test_a_preview_of_what_is_not_understood_says_so_and_shows_the_rest(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    page = send(
        one_desk, enter(one_desk), "/settings/preview", headers=FRAGMENT, hours__mon="x", pre="30"
    )
    assert page.status_code == 200
    assert "count as they were saved" in page.text


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
)
@pytest.mark.parametrize(
    "day", [datetime(2026, 10, 23, 7, 20, tzinfo=UTC), datetime(2026, 3, 6, 23, 0, tzinfo=UTC)]
)
def test_each_cell_of_the_week_is_what_the_api_says(
    fresh_database: Callable[[Kind], str], zone: str, day: datetime
) -> None:
    """In weeks when clocks change, too: some of these zones change theirs then."""
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), now=day) as desk:
        body = {
            "zone": zone,
            "hours": {it: [["00:00", "24:00"]] for it in WEEKDAYS},
            "durations": [60],
        }
        body |= {
            "policy": {"kind": "hours_only"},
            "overrides": {"2026-10-25": [["00:30", "09:00"]]},
        }
        assert desk.ask("PUT", "/v1/coaches/ada", json=body).status_code == 201
        enter(desk)
        page = desk.client.get("/settings").text
        first = day.astimezone(ZoneInfo(zone)).date()
        last = first + timedelta(days=7)
        starts = desk.get(f"/v1/coaches/ada/slots?from={first}&to={last}&duration=60").json[
            "starts"
        ]
    assert COUNT.findall(page) == [str(len(starts))]
    walls = [datetime.fromisoformat(start).astimezone(ZoneInfo(zone)) for start in starts]
    expected = {((wall.date() - first).days, wall.hour * 4 + wall.minute // 15) for wall in walls}
    columns = re.findall(r'<dl class="column">.*?</dl>', page)
    assert len(columns) == 7
    assert page.count("<span>00:00</span>") == 1  # the first row is midnight
    found = [re.findall(r"<(dd|dt)>", column) for column in columns]
    assert {
        (number, row)
        for number, its in enumerate(found)
        for row, it in enumerate(its)
        if it == "dd"
    } == expected
