"""Why a time is closed is told to the coach, and to nobody else."""

import html
import re
from datetime import datetime

import pytest

from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    enter,
)
from tests.webhooks.pages.viewers.kit import ACME, CLOSED, EVENING, MARY, OPEN, come, pod

WHY = re.compile(r"<td class=([rf])[^>]*>([\w ]+)")
"""`f`: what may be forced, of which a script makes buttons."""
SHORT = {"hours": "outside_hours", "busy": "busy", "buffer": "buffer", "session": "session",
    "past": "past",
         "day off": "day_off", "soon": "notice", "far off": "horizon"}  # fmt: skip


def test_the_coach_sees_why_as_the_api_says_cell_by_cell(desk: Desk) -> None:
    hours = {
        "zone": "UTC",
        "hours": people.OFFICE,
        "overrides": {"2026-06-05": []},
        "durations": [60],
        "pre": 15,
    }
    assert (
        desk.put("/v1/coaches/ada", hours | {"post": 15, "notice": 240, "version": 1}).status_code
        == 200
    )
    enter(desk, participant=HEDY).book(OPEN)
    page = come(desk, "coach").get("/book?week=2026-06-01&duration=60&frame=0-1440").text
    asked = "/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60&tz=UTC&detail=reasons"
    wanted: dict[int, str] = {}
    for run in desk.get(asked).json["reasons"]:
        first, last = (
            int(datetime.fromisoformat(run[name]).timestamp()) for name in ("from", "to")
        )
        wanted |= dict.fromkeys(range(first, last, 900), run["reason"])
    wanted |= dict.fromkeys(range(people.at(1, 0), people.at(1, 8), 900), "past")
    found: dict[int, str] = {}
    for quarter, row in enumerate(re.findall(r"<tr[^>]*><th>.*", page)):
        cells = re.findall(r"<td[^>]*>(?:<button[^>]*>)?([^<]+)", row)
        assert len(cells) == 7
        for day, text in enumerate(cells):
            if ":" not in text:
                found[people.at(1 + day, 0) + 900 * quarter] = SHORT[text.strip()]
    assert found == wanted
    assert {"outside_hours", "busy", "buffer", "session", "day_off", "notice", "past"} <= set(
        found.values()
    )
    for reason in set(found.values()):
        assert reason not in page or reason in ("busy", "buffer", "session", "past", "notice")


def test_what_can_never_be_forced_is_no_button(one_desk: Desk) -> None:
    enter(one_desk, participant=HEDY).book(OPEN)
    page = come(one_desk, "coach").get("/book?week=2026-06-01&duration=60").text
    buttons = {text.strip(): kind == "f" for kind, text in WHY.findall(page)}
    assert {
        "busy": True,
        "buffer": True,
        "hours": True,
        "session": False,
    }.items() <= buttons.items()
    assert "Something in your calendars is in its way." in html.unescape(
        page
    )  # the legend says what is short there


@pytest.mark.parametrize("viewer", ["participant", "manager"])
def test_nobody_but_the_coach_is_told_a_reason(one_desk: Desk, viewer: str) -> None:
    forced = {
        "coach_id": "ada",
        "start": "2026-06-03T12:00:00Z",
        "duration": 60,
        "participant": HEDY,
        "context": ACME,
    }
    post(one_desk, "/v1/bookings", forced | {"force": {"reason": "A canary reason"}})
    group = pod(
        one_desk, "2026-06-03T18:00:00Z", force={"reason": "A canary reason"}, participants=[MARY]
    )
    visitor = come(one_desk, viewer)
    mine = visitor.book(people.at(2, 9))
    answers = [
        visitor.get(path)
        for path in (
            "/book?duration=60",
            "/book/grid?duration=60",
            "/book?frame=0-1440",
            f"/book/confirm?start={CLOSED}&duration=60",
            f"/book/confirm?start={EVENING}&duration=60",
            f"/book/bookings/{mine}",
            f"/book?move={mine}",
            f"/book/groups/{group}",
        )
    ]
    answers.append(visitor.post("/book", visitor.confirm(OPEN) | {"start": str(CLOSED)}))
    for answer in answers:
        whole = answer.text + str(answer.headers)
        for canary in (
            "canary",
            "busy",
            "buffer",
            "outside",
            "untrusted",
            "because",
            'class="r"',
            "Hedy",
            "hedy",
        ):
            assert canary not in whole, canary
        assert ("Mary" in whole) <= (viewer == "manager")
