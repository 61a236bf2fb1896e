"""The calendar settings page as a coach opens and sends it, and what is stored then."""

import re
from typing import Any

from domain.coaches import Coach
from storage.rows import coaches
from tests.support.http_client import Desk
from tests.support.page_visitor import follow, path_of

CSRF = re.compile(r'name="csrf" value="([\w-]+)"')
FRAGMENT = {"X-Fragment": "week"}
COUNT = re.compile(r'id="count">Bookable times: (\d+)')
FORM: dict[str, Any] = {
    "version": "1",
    "zone": "Europe/London",
    **{f"hours.{day}": "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")},
    "hours.sat": "",
    "hours.sun": "",
    "override_date": ["", ""],
    "override_hours": ["", ""],
    "pre": "15",
    "post": "15",
    "notice": "0",
    "notice_unit": "hours",
    "horizon_days": "28",
    "durations": ["30", "60"],
    "mode": "flexible",
}


def enter(desk: Desk, coach_id: str = "ada", **more: object) -> str:
    """The coach follows a link that Coach OS asked for. Answers the CSRF token of the
    page's forms.
    """
    link = desk.ask(
        "POST",
        "/v1/links",
        "links:write",
        json={"purpose": "settings", "coach_id": coach_id} | {"language": "en-GB"} | more,
    )
    assert link.status_code == 201, link.text
    assert follow(desk.client, path_of(link)).location == "/settings"
    found = CSRF.search(desk.client.get("/settings").text)
    assert found
    return found[1]


def send(
    desk: Desk, csrf: str, path: str = "/settings", *, headers: Any = None, **changes: object
) -> Any:
    names = {name.replace("__", "."): value for name, value in changes.items()}
    return desk.client.post(path, data=FORM | {"csrf": csrf} | names, headers=headers)


def connection(desk: Desk, coach_id: str = "ada") -> Any:
    (found,) = desk.get(f"/v1/coaches/{coach_id}").json["connections"]
    return found


def stored(desk: Desk, coach_id: str = "ada") -> Coach:
    with desk.database.read() as tx:
        found = coaches.get(tx, coach_id)
    assert found
    return found
