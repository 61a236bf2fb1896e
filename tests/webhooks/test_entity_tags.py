"""ETag, If-None-Match, If-Match and Location: what has a version is told, asked for and changed as
HTTP has it (RFC 9110).
"""

from typing import Any

import pytest

from tests.support import people
from tests.support.http_client import SETTINGS, WEEK, Desk, connect
from tests.support.page_visitor import GRACE
from webhooks.api.routes import ROUTES

ADA = "/v1/coaches/ada"
UNHEEDING: dict[str, tuple[str, str, Any]] = {
    "erase": ("DELETE", ADA, None),
    "calendars": ("PUT", f"{ADA}/connections/con_1/calendars", {"calendars": []}),
    "disconnect": ("DELETE", f"{ADA}/connections/con_1", None),
    "attendance": ("POST", "/v1/sessions/{pod}/attendance", {"attended": "completed"}),
    "settle": ("POST", "/v1/sessions/{pod}/event/settle", {"settle": "keep"}),
    "several": ("PUT", "/v1/coaches", {"coaches": []}),
    "book": ("POST", "/v1/bookings", {}),
}
"""Requests with a version, of operations that look at none: method, path, body."""


@pytest.fixture
def made(one_desk: Desk) -> dict[str, str]:
    """Ada with a booking and a pod: path of each."""
    one_desk.put(ADA, SETTINGS)
    connect(one_desk, (people.at(2, 9), people.at(2, 10)))
    starts = one_desk.get(WEEK).json["starts"]
    time = {"coach_id": "ada", "duration": 60}
    booking = post(one_desk, "/v1/bookings", time | {"start": starts[9], "participant": GRACE})
    pod = post(one_desk, "/v1/pods", time | {"start": starts[-1], "min_seats": 1, "max_seats": 3})
    paths = {"coach": ADA, "hours": f"{ADA}/hours", "overrides": f"{ADA}/overrides"}
    return paths | {"booking": booking.headers["Location"], "pod": pod.headers["Location"]}


def post(desk: Desk, path: str, body: Any, **headers: str) -> Any:
    sent = {"Idempotency-Key": f"{path}{len(headers)}{body}"[:200].replace(" ", "")} | headers
    return desk.ask("POST", path, json=body, headers=sent)


@pytest.mark.parametrize("what", ["coach", "hours", "overrides", "booking", "pod"])
def test_what_has_a_version_has_a_tag_and_is_not_sent_twice(
    one_desk: Desk, made: dict[str, str], what: str
) -> None:
    # Given what was read once
    first = one_desk.get(made[what])
    tag = first.headers["ETag"]
    assert tag.startswith(f'"{first.json["version"]}-')
    # When it is asked for again by whoever knows it, then nothing is sent
    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = one_desk.get(made[what], headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    # And to whoever knows another one, all of it is
    other = one_desk.get(made[what], headers={"If-None-Match": '"0-0"'})
    assert (other.status_code, other.json) == (200, first.json)


def test_what_was_made_says_where_it_is_and_what_it_is(
    one_desk: Desk, made: dict[str, str]
) -> None:
    for what, name in (("booking", "id"), ("pod", "pod_id")):
        shown = one_desk.get(made[what])
        assert shown.status_code == 200
        assert made[what].endswith(f"/{shown.json[name]}")
    pod = one_desk.get(made["pod"]).json
    assert pod["pod_id"] == pod["session_id"]
    assert one_desk.get(made["booking"]).json["pod_id"] is None
    seat = post(one_desk, f"{made['pod']}/seats", {"participant": GRACE})
    assert one_desk.get(seat.headers["Location"]).headers["ETag"] == seat.headers["ETag"]


def test_a_change_from_a_version_that_is_no_longer_is_a_failed_precondition(
    one_desk: Desk, made: dict[str, str]
) -> None:
    # Given a coach that was read, and changed since
    tag = one_desk.get(ADA).headers["ETag"]
    changed = one_desk.put(ADA, SETTINGS | {"pre": 30}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == one_desk.get(ADA).headers["ETag"]
    before = one_desk.dump()
    # When somebody changes it from what they read, by header or by field
    failed = one_desk.put(ADA, SETTINGS | {"pre": 45}, headers={"If-Match": tag})
    stale = one_desk.put(ADA, SETTINGS | {"pre": 45, "version": 1})
    # Then it is refused as each of them is, and nothing is changed
    assert (failed.status_code, failed.json["code"]) == (412, "precondition_failed")
    assert (failed.json["field"], failed.json["current"]) == ("If-Match", 2)
    assert (stale.status_code, stale.json["code"]) == (409, "stale_version")
    assert one_desk.dump() == before


def test_a_failed_precondition_is_the_answer_of_its_key(
    one_desk: Desk, made: dict[str, str]
) -> None:
    path = f"{made['booking']}/cancel"
    failed, again = (post(one_desk, path, {}, **{"If-Match": '"7"'}) for _ in range(2))
    assert (failed.status_code, failed.json["current"]) == (412, 1)
    assert (again.status_code, again.data) == (412, failed.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.mimetype == "application/problem+json"
    good = one_desk.get(made["booking"]).headers["ETag"]
    done = post(one_desk, path, {"version": 1}, **{"If-Match": good})
    assert done.status_code == 200, done.text


def test_two_versions_of_one_change_are_refused(one_desk: Desk, made: dict[str, str]) -> None:
    answer = one_desk.put(ADA, SETTINGS | {"version": 1}, headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json["field"]) == (422, "If-Match")


@pytest.mark.parametrize("request_name", sorted(UNHEEDING))
def test_a_change_that_looks_at_no_version_is_not_made_from_one(
    one_desk: Desk, made: dict[str, str], request_name: str
) -> None:
    method, path, body = UNHEEDING[request_name]
    path = path.format(booking=made["booking"], pod=made["pod"].rpartition("/")[2])
    before = one_desk.dump()
    for version in ('"1"', '"7-0f1e"', "*"):
        headers = {"Idempotency-Key": "unheeding", "If-Match": version}
        refused = one_desk.ask(method, path, json=body, headers=headers)
        assert (refused.status_code, refused.json["code"]) == (412, "precondition_failed")
        assert refused.json["field"] == "If-Match"
    assert one_desk.dump() == before


def test_reading_is_no_change(one_desk: Desk, made: dict[str, str]) -> None:
    assert one_desk.get(ADA, headers={"If-Match": '"7"'}).status_code == 200


def test_whatever_is_made_alone_says_where_it_is() -> None:
    many = {"shells_create", "imports_load", "imports_load_table", "links_create"}
    """Several at once, or a page for one person, whose address is its secret."""
    makes = [route for route in ROUTES if 201 in route.answers and route.method == "POST"]
    assert {route.name for route in makes if not route.location} == many
