"""Pages of lists: each item once, in order, as it is told alone; and cursors that fit."""

from base64 import urlsafe_b64encode
from typing import Any

from domain.event_versions import NEWEST
from tests.support.booking_requests import post, refused
from tests.support.http_client import Desk
from tests.webhooks.api.lists.conftest import pod_of
from tests.webhooks.api.lists.walking import walked
from webhooks.http.versions import HEADER


def test_pages_hold_each_booking_once_in_the_order_in_which_they_begin(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    expected = [each["id"] for each in booked]
    for limit in (1, 2, 5, 200):
        assert [each["id"] for each in walked(desk, "bookings", limit)] == expected


def test_an_item_of_a_list_is_what_is_told_of_it_alone(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    for item in walked(desk, "bookings"):
        assert item == desk.get(f"/v1/bookings/{item['id']}").json
    (pod,) = walked(desk, "pods")
    assert pod == desk.get(f"/v1/pods/{pod['session_id']}").json
    sessions = walked(desk, "sessions")
    assert len(sessions) == 4
    query = "coach_id=ada&from=2026-06-01&to=2026-06-09"
    one = desk.get(f"/v1/sessions?{query}").json["sessions"]
    assert one == [each for each in sessions if each["coach_id"] == "ada"]


def test_what_is_booked_meanwhile_neither_hides_nor_doubles_what_follows(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    # Given a client that has read the first page
    first = desk.get("/v1/bookings?limit=2").json
    # When something is booked before where it stands, and something behind
    for start in ("2026-06-02T08:00:00Z", "2026-06-05T08:00:00Z"):
        body = {"coach_id": "cas", "start": start, "duration": 60}
        body |= {"participant": booked[0]["participant"]}
        assert post(desk, "/v1/bookings", body).status_code == 201
    # Then the rest is what it was, and what came behind
    rest = desk.get(f"/v1/bookings?limit=9&cursor={first['next_cursor']}").json["bookings"]
    assert [each["id"] for each in rest[:-1]] == [each["id"] for each in booked[2:]]
    assert rest[-1]["start"] == "2026-06-05T08:00:00Z"


def made_up(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


MADE_UP = ("{}", "[]", '["x",1,"y"]', "[1]", "null", '["x",1e999,"y"]')


def test_what_is_no_cursor_is_refused(one_desk: Desk) -> None:
    for cursor in ("x", "", "\0", "é", *map(made_up, MADE_UP)):
        answer = one_desk.get("/v1/bookings", query_string={"cursor": cursor})
        assert refused(answer, 422, "invalid_cursor")["field"] == "cursor"


def test_a_cursor_is_of_one_list_and_of_its_filters(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    cursor = desk.get("/v1/bookings?limit=1&company=acme").json["next_cursor"]
    # Another length of a page is no other list
    rest = desk.get(f"/v1/bookings?limit=9&company=acme&cursor={cursor}").json["bookings"]
    assert [each["id"] for each in rest] == [each["id"] for each in walked_acme(booked)[1:]]
    for path in ("bookings?company=other", "bookings?limit=1", "sessions?company=acme"):
        refused(desk.get(f"/v1/{path}&cursor={cursor}"), 422, "invalid_cursor")


def walked_acme(booked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in booked if each["context"]["company"] != "other"]


def test_a_page_is_neither_empty_nor_endless(one_desk: Desk) -> None:
    for limit, code in (("0", "out_of_range"), ("201", "out_of_range"), ("x", "wrong_type")):
        refused(one_desk.get(f"/v1/bookings?limit={limit}"), 422, code)


def test_an_empty_list_has_no_next_page(one_desk: Desk) -> None:
    for name in ("bookings", "pods", "sessions"):
        answer = one_desk.get(f"/v1/{name}").json
        assert (answer[name], answer["next_cursor"]) == ([], None)


def test_lists_are_for_who_may_read_bookings(one_desk: Desk) -> None:
    for name in ("bookings", "pods", "sessions"):
        assert one_desk.get(f"/v1/{name}", "coaches:read", "ops").status_code == 403
        assert one_desk.look(f"/v1/{name}").status_code == 401


def test_the_old_form_of_sessions_answers_all_of_a_range_and_says_that_it_is_old(
    desk: Desk,
) -> None:
    pod_of(desk)
    query = "/v1/sessions?coach_id=cas&from=2026-06-01&to=2026-06-09"
    newest = {HEADER: NEWEST}
    old, new = (desk.get(each, headers=newest) for each in (query, f"{query}&limit=200"))
    assert "Deprecation" in old.headers
    assert old.json["coach_id"] == "cas"
    assert "Deprecation" not in new.headers
    assert new.json == {"sessions": old.json["sessions"], "next_cursor": None}
