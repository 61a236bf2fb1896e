"""Where sessions are, over HTTP: set for a company, asked for with a booking, changed later; told
to those whom it concerns, and in no list of open times and no log.
"""

from typing import Any

import pytest

from tests.support import people
from tests.support.booking_requests import BOOKING, HEDY, POD, post, refused, send
from tests.support.http_client import WEEK, Desk

ACME = "/v1/places/company/acme"
ROOM = {"kind": "url", "value": "https://meet.example/secret-room"}
PHONE = {"kind": "phone", "value": "+44 20 7946 0018"}
CONTEXT = {"context": {"company": "acme"}}


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    return one_desk


def invalid(answer: Any, code: str, field: str) -> str:
    """A rule of the domain's: 422, with its own code."""
    assert (answer.status_code, answer.json["code"]) == (422, code), answer.text
    assert answer.json["field"] == field
    return str(answer.json["detail"])


def test_places_are_set_shown_replaced_and_taken_away(one_desk: Desk) -> None:
    kept = {"scope": "company", "scope_id": "acme", "place": ROOM, "kinds": ["url", "phone"]}
    assert one_desk.put(ACME, {"place": ROOM, "kinds": ["url", "phone"]}).json == kept
    assert one_desk.get(ACME).json == kept
    assert one_desk.put(ACME, {"kinds": ["url"]}).json == kept | {"place": None, "kinds": ["url"]}
    assert one_desk.get("/v1/places/project/acme").status_code == 404
    assert one_desk.ask("DELETE", ACME).status_code == 204
    for method in ("GET", "DELETE"):
        assert refused(one_desk.ask(method, ACME), 404, "unknown_place")["field"] == "scope_id"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"place": {"kind": "url", "value": "javascript:x"}}, "not_a_link", "place.value"),
        ({"place": {"kind": "phone", "value": "call me"}}, "not_a_phone_number", "place.value"),
        ({"place": {"kind": "address", "value": "a" * 301}}, "too_long", "place.value"),
        ({"place": {"kind": "conferencing", "value": "zoom"}}, "not_a_profile", "place.value"),
        ({"place": ROOM, "kinds": ["phone"]}, "place_forbidden", "place.kind"),
        ({"kinds": []}, "not_distinct", "kinds"),
        ({"kinds": ["url", "url"]}, "not_distinct", "kinds"),
        ({"kinds": ["zoom"]}, "unknown_word", "kinds[0]"),
        ({"place": {"kind": "zoom"}}, "unknown_word", "place.kind"),
        ({"place": {"kind": "url", "value": "\x00"}}, "invalid_value", "place.value"),
        ({"place": {"kind": "url", "value": "https://x.example/" + "a" * 2000}}, "too_many",
         "place.value"),
        ({"place": {"value": "x"}}, "missing", "place.kind"),
        ({"place": ROOM | {"name": "x"}}, "unknown_field", "place.name"),
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_and_changes_nothing(
    one_desk: Desk, body: Any, code: str, field: str
) -> None:
    before = one_desk.dump()
    invalid(one_desk.put(ACME, body), code, field)
    assert one_desk.dump() == before


def test_a_booking_may_ask_for_a_place_and_is_told_who_forbids_it(one_desk: Desk) -> None:
    assert one_desk.put(ACME, {"kinds": ["phone"]}).status_code == 200
    asked = BOOKING | CONTEXT | {"place": ROOM}
    detail = invalid(post(one_desk, "/v1/bookings", asked), "place_forbidden", "place.kind")
    assert "The company acme allows no url here: send one of phone" in detail
    booked = post(one_desk, "/v1/bookings", asked | {"place": PHONE})
    assert (booked.status_code, booked.json["place"], booked.json["join_url"]) == (201, PHONE, None)
    assert one_desk.get(f"/v1/bookings/{booked.json['id']}").json["place"] == PHONE


def test_a_seat_is_where_its_group_is(one_desk: Desk) -> None:
    made = post(one_desk, "/v1/pods", POD | {"place": ROOM})
    assert (made.json["place"], made.json["join_url"]) == (ROOM, ROOM["value"])
    seat = {"participant": HEDY, "pod_id": made.json["session_id"]}
    invalid(post(one_desk, "/v1/bookings", seat | {"place": PHONE}), "time_or_pod", "place")
    assert post(one_desk, "/v1/bookings", seat).json["join_url"] == ROOM["value"]


def test_a_coach_s_place_is_set_and_shown_and_new_sessions_are_there(one_desk: Desk) -> None:
    coach = one_desk.get("/v1/coaches/ada").json
    assert (coach["place"], coach["place_kinds"]) == (None, None)
    sent = {
        name: coach[name]
        for name in ("name", "email", "zone", "hours", "durations", "pre", "post", "horizon_days")
    }
    put = one_desk.put("/v1/coaches/ada", sent | {"place": ROOM, "place_kinds": ["url"]})
    assert (put.json["place"], put.json["place_kinds"]) == (ROOM, ["url"])
    assert post(one_desk, "/v1/bookings", BOOKING).json["place"] == ROOM
    wrong = one_desk.put("/v1/coaches/ada", sent | {"place": PHONE, "place_kinds": ["url"]})
    assert "The coach ada allows no phone" in invalid(wrong, "place_forbidden", "place.kind")


def test_a_place_is_changed_and_everybody_is_mailed_once(one_desk: Desk) -> None:
    made = post(one_desk, "/v1/pods", POD | {"place": ROOM, "participants": [HEDY]}).json
    path = f"/v1/sessions/{made['session_id']}/place"
    told = send(one_desk, "PUT", path, {"place": PHONE, "version": made["version"]}, key="again")
    assert (told.status_code, told.json["place"]) == (200, PHONE)
    assert (told.json["version"], told.json["bookings"][0]["sequence"]) == (2, 1)
    same = send(one_desk, "PUT", path, {"place": PHONE, "version": made["version"]}, key="again")
    assert same.json == told.json
    booking_id = told.json["bookings"][0]["id"]
    kinds = [
        mail["kind"] for mail in one_desk.get(f"/v1/bookings/{booking_id}/mails").json["mails"]
    ]
    assert kinds.count("place_changed") == 2, "to the participant, and to the coach"
    refused(send(one_desk, "PUT", path, {"place": ROOM, "version": 1}), 409, "stale_version")
    missing = send(one_desk, "PUT", path, {})
    assert invalid(missing, "missing", "place")
    invalid(send(one_desk, "PUT", path, {"place": None}), "no_place", "place")


def test_no_list_of_times_and_no_log_has_the_link(
    one_desk: Desk, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asked = BOOKING | {"place": ROOM}
    booked = post(one_desk, "/v1/bookings", asked)
    assert booked.json["join_url"] == ROOM["value"]
    post(one_desk, "/v1/bookings", asked)  # which is refused
    path = f"/v1/sessions/{booked.json['session_id']}/place"
    send(one_desk, "PUT", path, {"place": {"kind": "url", "value": "no secret-room link"}})
    for listed in (
        f"{WEEK}&detail=reasons",
        WEEK,
        f"/v1/slots?coach_id=ada&{WEEK.partition('?')[2]}",
    ):
        answer = one_desk.get(listed)
        assert answer.status_code == 200
        assert "secret-room" not in answer.text
    logged = "".join((*capfd.readouterr(), caplog.text))
    assert "secret-room" not in logged
