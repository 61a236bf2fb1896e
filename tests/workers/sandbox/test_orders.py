"""The sandbox takes orders from tests and, on its own pages, from people: the clock is turned,
calendars edited, logins broken.
"""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from workers.cronofy.sandbox.control import ControlFailed


def test_the_clock_can_be_turned(control: Control) -> None:
    before = control.now()
    control.advance(3600)
    assert 3600 <= (control.now() - before).total_seconds() < 3660
    control.set_clock(datetime(2030, 1, 1, tzinfo=UTC))
    assert control.now().year == 2030
    control.set_clock(datetime(2020, 1, 1, tzinfo=UTC))
    assert control.now().year == 2020
    with pytest.raises(ControlFailed, match="use set to go back"):
        control.advance(-1)


@pytest.mark.parametrize(
    ("method", "path", "order", "reason"),
    [
        ("POST", "calendars/{calendar}/events", {"start": "soon"}, "Invalid isoformat"),
        (
            "POST",
            "calendars/{calendar}/events",
            {"start": "2026-11-03", "end": "2026-11-04", "status": "?"},
            "busy, ten",
        ),
        (
            "POST",
            "calendars/cal_none/events",
            {"start": "2026-11-03", "end": "2026-11-04"},
            "lists those that there are",
        ),
        ("POST", "profiles/pro_none/break", {}, "lists those that there are"),
        (
            "POST",
            "calendars/{calendar}/events",
            {"start": "2026-11-03", "end": "2026-11-04", "tzid": "Mars"},
            "IANA",
        ),
        ("DELETE", "events/evt_none", {}, "GET /sandbox/state lists them"),
        ("POST", "accounts", {"name": "X", "zone": "Mars/Olympus"}, "write one like Europe/Paris"),
        ("PATCH", "settings", {"page_size": 0}, "1 or more"),
        ("POST", "clock", {"advance": "x"}, "could not convert"),
        ("PUT", "clock", {}, "method is not allowed"),
        ("GET", "nothing", {}, "GET /sandbox/nothing"),
    ],
)
def test_a_wrong_order_is_refused_in_words(
    control: Control, calendar: str, method: str, path: str, order: dict[str, Any], reason: str
) -> None:
    answer = requests.request(
        method, f"{control.origin}/sandbox/{path.format(calendar=calendar)}", json=order, timeout=60
    )
    assert 400 <= answer.status_code < 500
    assert reason in answer.text


def test_web_pages_of_others_cannot_give_orders(control: Control, calendar: str) -> None:
    order = {"calendar": calendar, "start": "2026-11-03T09:00", "end": "2026-11-03T10:00"}
    for url, headers in (
        (f"{control.origin}/event", {"Origin": "https://evil.example"}),
        (f"{control.origin}/event", {"Origin": "null"}),
        (f"{control.origin}/event", {"Host": "rebound.example"}),
        (f"{control.origin}/sandbox/faults", {"Origin": "https://evil.example"}),
    ):
        assert requests.post(url, data=order, headers=headers, timeout=60).status_code == 403
    assert control.state()["accounts"][0]["profiles"][0]["calendars"][0]["events"] == []


def test_a_person_sees_and_edits_the_calendars_in_a_browser(
    api: Api, control: Control, calendar: str
) -> None:
    # Given the home page
    home = requests.get(f"{control.origin}/", timeout=60)
    assert home.headers["Content-Type"].startswith("text/html")
    assert "Mira Example" in home.text
    assert f'<option value="{calendar}">' in home.text
    [script] = re.findall("<script[^>]*>", home.text)  # ours, which the policy lets in
    assert 'src="/static/times.js"' in script
    # When an event is entered, in the owner's local time of a summer day
    form = {
        "calendar": calendar,
        "start": "2027-07-06T09:00",
        "end": "2027-07-06T10:00",
        "summary": "<b>Dentist</b>",
    }
    own = {"Origin": control.origin}
    after = requests.post(f"{control.origin}/event", data=form, headers=own, timeout=60)
    # Then it is there, escaped, and on the wire in UTC
    assert "&lt;b&gt;Dentist&lt;/b&gt;" in after.text
    [event] = api.events(to="2028-01-01")
    assert (event["start"], event["summary"]) == ("2027-07-06T08:00:00Z", "<b>Dentist</b>")
    # When it is deleted again
    after = requests.post(
        f"{control.origin}/event/delete", data={"event": event["event_uid"]}, timeout=60
    )
    assert "Nothing lies ahead" in after.text
    assert (
        requests.post(
            f"{control.origin}/event", data={**form, "start": "x"}, timeout=60
        ).status_code
        == 422
    )


def test_a_login_is_broken_with_a_button(api: Api, control: Control, profile: str) -> None:
    page = requests.post(f"{control.origin}/profile/{profile}/break", timeout=60)
    assert f'<a href="/relink/{profile}">' in page.text
    assert api.get("/v1/profiles").json()["profiles"][0]["profile_connected"] is False
