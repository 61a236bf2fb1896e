"""Every fault that can be ordered, as a client of the API meets it."""

import json
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from workers.cronofy.sandbox.control import ControlFailed

EVENT = {
    "event_id": "session-1",
    "summary": "x",
    "start": "2026-11-07T15:00:00Z",
    "end": "2026-11-07T16:00:00Z",
}


@pytest.fixture
def items(control: Control, calendar: str) -> int:
    """Five items on pages of three."""
    for day in range(3, 8):
        control.add_event(calendar, f"2026-11-{day:02}", f"2026-11-{day + 1:02}")
    return 5


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 410, 422, 423, 429, 500, 502, 503, 504]
)
def test_a_status_is_answered_with_an_empty_body(api: Api, control: Control, status: int) -> None:
    control.fail("/v1/userinfo", status, times=2)
    answers = [api.get("/v1/userinfo") for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 200]
    assert answers[0].content == b""
    assert "Content-Type" not in answers[0].headers
    assert "Retry-After" not in answers[0].headers


def test_a_status_may_bring_a_body_and_retry_after(api: Api, control: Control) -> None:
    control.fail("/v1", 429, retry_after=7, body={"errors": {"rate": []}})
    answer = api.get("/v1/calendars")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (
        429,
        "7",
        {"errors": {"rate": []}},
    )


def test_a_fault_hits_its_paths_only_and_may_skip_some_calls(
    api: Api, control: Control, items: int
) -> None:
    control.fail("/v1/free_busy", 500, skip=1)
    assert api.get("/v1/userinfo").status_code == 200
    first = api.get("/v1/free_busy", tzid="UTC")
    assert first.status_code == 200
    assert api.get(first.json()["pages"]["next_page"]).status_code == 500
    assert api.get(first.json()["pages"]["next_page"]).status_code == 200


def test_faults_of_one_kind_queue_up_and_can_be_cleared(api: Api, control: Control) -> None:
    control.fail("/v1", 500)
    control.fail("/v1", 429, times=None)
    assert [api.get("/v1/userinfo").status_code for _ in range(4)] == [500, 429, 429, 429]
    assert len(control.state()["faults"]) == 1
    control.clear_faults()
    assert api.get("/v1/userinfo").status_code == 200


def test_a_write_can_be_accepted_and_never_done(api: Api, control: Control, calendar: str) -> None:
    control.fault("swallow", "/v1/calendars")
    answer = api.upsert(calendar, **EVENT)
    assert (answer.status_code, answer.headers["Content-Length"]) == (202, "0")
    assert api.events(only_managed="true") == []
    api.upsert(calendar, **EVENT)
    assert len(api.events(only_managed="true")) == 1


@pytest.mark.parametrize("reply", ["202", "500", "none"])
def test_a_write_can_be_done_late(api: Api, control: Control, calendar: str, reply: str) -> None:
    control.fault("late", "/v1/calendars", seconds=24)
    if reply == "none":
        control.fault("hang_up", "/v1/calendars")
        with pytest.raises(requests.exceptions.ConnectionError):
            api.upsert(calendar, **EVENT)
    else:
        if reply == "500":
            control.fail("/v1/calendars", 500)
        assert api.upsert(calendar, **EVENT).status_code == int(reply)
    assert api.events(only_managed="true") == []
    control.advance(24)
    assert len(api.events(only_managed="true")) == 1


def test_late_writes_may_be_done_in_another_order(
    api: Api, control: Control, calendar: str
) -> None:
    for seconds, summary in ((60, "first"), (30, "second")):
        control.fault("late", "/v1/calendars", seconds=seconds)
        api.upsert(calendar, **EVENT | {"summary": summary})
    control.advance(60)
    assert [one["summary"] for one in api.events(only_managed="true")] == ["first"]


def test_a_write_can_be_done_twice(api: Api, control: Control, calendar: str) -> None:
    control.fault("twice", "/v1/calendars", seconds=24)
    api.upsert(calendar, **EVENT)
    api.delete(f"/v1/calendars/{calendar}/events", {"event_id": "session-1"})
    assert api.events(only_managed="true") == []
    control.advance(24)
    assert len(api.events(only_managed="true")) == 1


def test_the_control_api_is_never_hit(control: Control) -> None:
    control.fail("/", 500, times=None)
    assert control.state()["faults"]


def test_a_delay_holds_an_answer_back_and_nobody_else(api: Api, control: Control) -> None:
    control.delay("/v1/userinfo", 2, times=1)
    others = [seconds(api, "/v1/account") for _ in range(3)]
    # The quickest: a machine may hold one of three up, and no delay is shorter
    assert seconds(api, "/v1/userinfo") >= 2 > min(others)


def seconds(api: Api, path: str) -> float:
    """How long it took."""
    begun = time.monotonic()
    api.get(path)
    return time.monotonic() - begun


def test_malformed_json_breaks_off(api: Api, control: Control, items: int) -> None:
    control.fault("malformed", "/v1/free_busy")
    answer = api.get("/v1/free_busy", tzid="UTC")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert len(api.free_busy()) == items


def test_half_a_page_is_less_than_was_promised(api: Api, control: Control, items: int) -> None:
    control.fault("half", "/v1/free_busy")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        api.get("/v1/free_busy", tzid="UTC")
    assert len(api.free_busy()) == items


def test_hanging_up_leaves_no_answer(api: Api, control: Control) -> None:
    control.fault("hang_up", "/v1/userinfo")
    with pytest.raises(requests.exceptions.ConnectionError):
        api.get("/v1/userinfo")
    assert api.get("/v1/userinfo").status_code == 200


def test_a_trickled_body_is_complete_in_the_end(api: Api, control: Control, items: int) -> None:
    control.fault("trickle", "/v1/free_busy", seconds=1.5)
    begun = time.monotonic()
    connection = HTTPConnection("127.0.0.1", urlsplit(control.origin).port, timeout=60)
    connection.request(
        "GET", "/v1/free_busy?tzid=UTC", headers={"Authorization": f"Bearer {api.token}"}
    )
    answer = connection.getresponse()
    pieces = list(iter(lambda: answer.read1(65536), b""))
    connection.close()
    assert time.monotonic() - begun >= 1.5
    assert len(pieces) > 2, "whoever reads seldom gets several at once"
    assert int(answer.headers["Content-Length"]) == sum(map(len, pieces))
    assert json.loads(b"".join(pieces)).keys() == {"pages", "free_busy"}


@pytest.mark.parametrize("skip", [0, 1])
def test_a_foreign_next_page_points_away(api: Api, control: Control, items: int, skip: int) -> None:
    control.fault("foreign_next_page", "/v1/free_busy", host="http://127.0.0.1:9", skip=skip)
    answer = api.get("/v1/free_busy", tzid="UTC").json()
    if skip:
        answer = api.get(answer["pages"]["next_page"]).json()
    assert answer["pages"]["next_page"].startswith("http://127.0.0.1:9/v1/free_busy/pages/")
    assert answer["pages"]["current"] < answer["pages"]["total"]


def test_a_calendar_vanishes_for_one_read(
    api: Api, control: Control, items: int, calendar: str
) -> None:
    for path in ("/v1/free_busy", "/v1/calendars", "/v1/userinfo"):
        control.fault("vanish_calendar", path, calendar_id=calendar)
    assert api.free_busy() == []
    assert api.get("/v1/calendars").json()["calendars"] == []
    assert api.get("/v1/userinfo").json()["cronofy.data"]["profiles"][0]["profile_calendars"] == []
    assert len(api.free_busy()) == items
    assert len(api.get("/v1/calendars").json()["calendars"]) == 1


def test_an_unknown_fault_is_told(control: Control) -> None:
    with pytest.raises(ControlFailed, match="kind is one of status, delay, malformed"):
        control.fault("explode")
    with pytest.raises(ControlFailed, match="unexpected keyword"):
        control.fault("status", colour="red")


def test_calls_are_counted_per_route(api: Api, control: Control, items: int) -> None:
    control.clear_calls()
    api.free_busy()
    api.get("/v1/nothing")
    control.fail("/v1/userinfo", 503)
    api.get("/v1/userinfo")
    assert control.counts() == {
        "GET /v1/free_busy": 1,
        "GET /v1/free_busy/pages/<page_id>": 1,
        "GET /v1/nothing": 1,
        "GET /v1/userinfo": 1,
    }
    calls = control.calls()
    assert [one["status"] for one in calls] == [200, 200, 404, 503]
    assert calls[0]["query"] == "tzid=UTC"
    assert api.token not in str(calls)
