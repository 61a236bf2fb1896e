"""Bookings and holds over HTTP: a listed start is booked, moved, cancelled, kept and released, by
whoever has the right.
"""

from tests.support.booking_requests import BOOKING, GRACE, HEDY, TEN, post, refused, send
from tests.support.http_client import Desk


def listed(desk: Desk) -> list[str]:
    found: list[str] = desk.get(
        "/v1/coaches/ada/slots?from=2026-06-02&to=2026-06-03&duration=60"
    ).json["starts"]
    return found


def test_a_listed_start_is_booked_and_no_longer_listed(desk: Desk) -> None:
    assert TEN in listed(desk)
    answer = post(desk, "/v1/bookings", BOOKING)
    assert answer.status_code == 201, answer.text
    booked = answer.json
    assert (booked["status"], booked["version"], booked["start"], booked["end"]) == (
        "booked",
        1,
        TEN,
        "2026-06-02T11:00:00Z",
    )
    assert booked["participant"] == GRACE | {"language": "en", "my_page_url": None}
    assert TEN not in listed(desk)
    assert desk.get(f"/v1/bookings/{booked['id']}").json == booked


def test_a_refusal_says_why_and_what_is_open_nearby(desk: Desk) -> None:
    post(desk, "/v1/bookings", BOOKING)
    problem = refused(
        post(desk, "/v1/bookings", BOOKING | {"participant": HEDY}), 409, "slot_not_open"
    )
    assert problem["reason"] == "session"
    assert len(problem["nearest"]) == 5
    assert set(problem["nearest"][:3]) <= set(listed(desk))
    assert problem["detail"].endswith(".")


def test_a_booking_moves_and_is_cancelled_by_the_version_that_was_seen(desk: Desk) -> None:
    booked = post(desk, "/v1/bookings", BOOKING).json
    path = f"/v1/bookings/{booked['id']}"
    moved = post(desk, f"{path}/rebook", {"start": "2026-06-02T10:15:00Z", "version": 1}).json
    assert (moved["start"], moved["version"], moved["sequence"]) == ("2026-06-02T10:15:00Z", 2, 1)
    stale = refused(
        post(desk, f"{path}/rebook", {"start": TEN, "version": 1}), 409, "stale_version"
    )
    assert stale["current"] == 2
    headers = {"Idempotency-Key": "c", "If-Match": '"1"'}
    late = desk.ask("POST", f"{path}/cancel", json={}, headers=headers)
    refused(late, 412, "precondition_failed")
    ended = post(desk, f"{path}/cancel", {"version": 2}).json
    assert (ended["status"], ended["version"], ended["sequence"]) == ("cancelled", 3, 2)
    refused(post(desk, f"{path}/rebook", {"start": TEN}), 409, "booking_ended")
    assert TEN in listed(desk)


def test_forcing_needs_its_own_scope_and_a_reason(desk: Desk) -> None:
    busy = BOOKING | {"start": "2026-06-02T12:00:00Z"}
    assert refused(post(desk, "/v1/bookings", busy), 409, "slot_not_open")["reason"] == "busy"
    forced = busy | {"force": {"reason": "the board asked"}}
    refused(post(desk, "/v1/bookings", forced, "bookings:write"), 403, "scope_missing")
    answer = post(desk, "/v1/bookings", forced, "bookings:write", "bookings:force")
    assert answer.json["force_reason"] == "the board asked"


def test_excusing_a_late_cancellation_needs_that_scope_too(desk: Desk) -> None:
    near = BOOKING | {"start": "2026-06-01T10:00:00Z"}
    path = f"/v1/bookings/{post(desk, '/v1/bookings', near).json['id']}/cancel"
    refused(post(desk, path, {"excused": True}, "bookings:write"), 403, "scope_missing")
    assert post(desk, path, {}, "bookings:write").json["status"] == "missed"


def test_a_hold_keeps_a_time_for_who_names_it(desk: Desk) -> None:
    hold = post(
        desk, "/v1/holds", {"coach_id": "ada", "start": TEN, "duration": 60, "owner": "grace"}
    ).json
    assert hold["expires_at"] == "2026-06-01T08:10:00Z"
    assert TEN not in listed(desk)
    taken = post(desk, "/v1/bookings", BOOKING | {"participant": HEDY})
    assert refused(taken, 409, "slot_not_open")["reason"] == "hold"
    day = "/v1/coaches/ada/slots?from=2026-06-02&to=2026-06-03&duration=60&detail=reasons"
    assert {"from": "2026-06-02T09:15:00Z", "to": "2026-06-02T11:00:00Z", "reason": "hold"} in (
        desk.get(day).json["reasons"]
    )
    assert post(desk, "/v1/bookings", BOOKING | {"hold_id": hold["id"]}).status_code == 201
    refused(send(desk, "DELETE", f"/v1/holds/{hold['id']}"), 404, "unknown_hold")


def test_a_released_hold_opens_its_time(desk: Desk) -> None:
    hold = post(
        desk, "/v1/holds", {"coach_id": "ada", "start": TEN, "duration": 60, "owner": "grace"}
    ).json
    assert desk.ask("DELETE", f"/v1/holds/{hold['id']}").status_code == 204
    assert TEN in listed(desk)
