"""Late moves over HTTP, and the rules about changes that companies, projects and cohorts set."""

import pytest

from tests.support.booking_requests import BOOKING, GRACE, post, refused, send
from tests.support.http_client import Desk

SOON, LATER, LAST = "2026-06-01T12:00:00Z", "2026-06-04T10:00:00Z", "2026-06-05T10:00:00Z"
CONTEXT = {"company": "acme", "project": "leaders", "cohort": "spring"}
RULES = "/v1/change_rules/cohort/spring"


def book(desk: Desk, start: str = SOON) -> str:
    booked = post(desk, "/v1/bookings", BOOKING | {"start": start, "context": CONTEXT})
    return f"/v1/bookings/{booked.json['id']}"


def test_a_late_move_answers_the_booking_that_stands_now(desk: Desk) -> None:
    path = book(desk)
    moved = post(desk, f"{path}/rebook", {"start": LATER}, key="move")
    old, new = desk.get(path).json, moved.json
    assert (old["status"], old["start"]) == ("missed", SOON)
    assert (new["status"], new["start"], new["version"]) == ("booked", LATER, 1)
    assert new["replaces"] == old["id"]
    assert new["participant"]["id"] == GRACE["id"]
    # Whoever repeats it gets the same booking, and makes no third
    assert post(desk, f"{path}/rebook", {"start": LATER}, key="move").json == new
    refused(post(desk, f"{path}/rebook", {"start": LATER}), 409, "booking_ended")


def test_excusing_a_late_move_needs_the_scope_that_forces(desk: Desk) -> None:
    path = book(desk)
    asked = {"start": LATER, "excused": True}
    refused(post(desk, f"{path}/rebook", asked, "bookings:write"), 403, "scope_missing")
    moved = post(desk, f"{path}/rebook", asked, "bookings:write", "bookings:force").json
    assert (moved["status"], moved["version"], moved["replaces"]) == ("booked", 2, None)


def test_rules_are_set_shown_and_taken_away(desk: Desk) -> None:
    refused(desk.get(RULES), 404, "unknown_change_rule")
    assert desk.put(RULES, {"late_hours": 48, "most_rebookings": 3}).json == {
        "scope": "cohort",
        "scope_id": "spring",
        "late_hours": 48,
        "free_moves": None,
        "most_rebookings": 3,
        "most_missed": None,
    }
    assert desk.put(RULES, {"free_moves": 1}).json["late_hours"] is None
    assert desk.get(RULES).json["free_moves"] == 1
    assert send(desk, "DELETE", RULES).status_code == 204
    refused(send(desk, "DELETE", RULES), 404, "unknown_change_rule")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"late_hours": -1}, "out_of_range"),
        ({"free_moves": 1001}, "out_of_range"),
        ({"most_missed": 0}, "out_of_range"),
        ({"most_moves": 1}, "unknown_field"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(
    desk: Desk, sent: dict[str, int], code: str
) -> None:
    refused(desk.put(RULES, sent), 422, code)
    refused(desk.get(RULES), 404, "unknown_change_rule")


def test_a_scope_that_is_none_is_refused(desk: Desk) -> None:
    assert desk.put("/v1/change_rules/planet/earth", {}).status_code == 422


def test_a_limit_is_told_with_its_number_and_whose_it_is(desk: Desk) -> None:
    desk.put(RULES, {"most_rebookings": 1})
    path = book(desk, LATER)
    assert post(desk, f"{path}/rebook", {"start": LAST}).json["moves"] == 1
    problem = refused(post(desk, f"{path}/rebook", {"start": LATER}), 409, "rebookings_used_up")
    told = {name: problem[name] for name in ("limit", "used", "scope", "scope_id")}
    assert told == {"limit": 1, "used": 1, "scope": "cohort", "scope_id": "spring"}
    forced = {"start": LATER, "force": {"reason": "The programme asked."}}
    moved = post(desk, f"{path}/rebook", forced).json
    assert (moved["start"], moved["force_reason"]) == (LATER, None)
