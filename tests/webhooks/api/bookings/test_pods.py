"""Pods and sessions over HTTP: seats are filled and moved, pods moved and called off, sessions
listed and attended.
"""

from tests.support.booking_requests import BOOKING, GRACE, HEDY, POD, TEN, post, refused, send
from tests.support.http_client import Desk


def test_a_pod_fills_and_the_next_one_is_told_what_is_open(desk: Desk) -> None:
    pod = post(desk, "/v1/pods", POD | {"participants": [GRACE]}).json
    assert (pod["kind"], pod["pod"]["taken"], pod["bookings"][0]["participant"]["id"]) == (
        "pod",
        1,
        "grace",
    )
    path = f"/v1/pods/{pod['session_id']}"
    seat = post(desk, f"{path}/seats", {"participant": HEDY})
    assert (seat.status_code, seat.json["pod"]["taken"]) == (201, 2)
    mary = {"id": "mary", "name": "Mary", "email": "mary@example.test", "zone": "UTC"}
    full = refused(post(desk, f"{path}/seats", {"participant": mary}), 409, "seats_full")
    assert full["reason"] == "full"
    assert full["nearest"]
    assert post(desk, f"/v1/bookings/{seat.json['id']}/cancel", {}).json["pod"]["taken"] == 1
    assert (
        post(desk, "/v1/bookings", {"pod_id": pod["session_id"], "participant": mary}).status_code
        == 201
    )
    assert sorted(each["status"] for each in desk.get(path).json["bookings"]) == [
        "booked",
        "booked",
        "cancelled",
    ]


def test_a_seat_moves_to_another_pod(desk: Desk) -> None:
    first = post(desk, "/v1/pods", POD).json["session_id"]
    second = post(desk, "/v1/pods", POD | {"start": "2026-06-02T14:00:00Z"}).json["session_id"]
    seat = post(desk, "/v1/bookings", {"pod_id": first, "participant": GRACE}).json
    moved = post(desk, f"/v1/bookings/{seat['id']}/rebook", {"pod_id": second, "version": 1}).json
    assert (moved["session_id"], moved["sequence"], moved["uid"]) == (second, 1, seat["uid"])
    refused(
        post(desk, f"/v1/bookings/{seat['id']}/rebook", {"start": TEN}), 409, "seat_has_no_time"
    )


def test_a_pod_is_moved_and_called_off_with_everyone_in_it(desk: Desk) -> None:
    pod = post(desk, "/v1/pods", POD | {"participants": [GRACE, HEDY]}).json
    path = f"/v1/pods/{pod['session_id']}"
    moved = send(
        desk, "PATCH", path, {"start": "2026-06-02T14:00:00Z", "version": pod["version"]}
    ).json
    assert (moved["start"], [each["sequence"] for each in moved["bookings"]]) == (
        "2026-06-02T14:00:00Z",
        [1, 1],
    )
    refused(
        send(desk, "PATCH", path, {"title": "Other", "version": pod["version"]}),
        409,
        "stale_version",
    )
    refused(send(desk, "PATCH", path, {"max_seats": 1, "min_seats": 1}), 409, "seats_taken")
    off = send(desk, "PATCH", path, {"status": "disabled"}).json
    assert (off["status"], [each["status"] for each in off["bookings"]]) == (
        "disabled",
        ["cancelled", "cancelled"],
    )
    refused(post(desk, f"{path}/seats", {"participant": GRACE}), 409, "pod_ended")


def test_sessions_are_listed_with_who_is_in_them(desk: Desk) -> None:
    post(desk, "/v1/bookings", BOOKING)
    query = "/v1/sessions?coach_id=ada&from=2026-06-02&to=2026-06-03&tz=Europe/London"
    found = desk.get(query).json
    assert [each["bookings"][0]["participant"]["name"] for each in found["sessions"]] == [
        "Grace Hopper"
    ]
    assert (found["from"], found["tz"]) == ("2026-06-01T23:00:00Z", "Europe/London")
    refused(
        desk.get("/v1/sessions?coach_id=bob&from=2026-06-02&to=2026-06-03"), 404, "unknown_coach"
    )


def test_attendance_waits_until_the_session_has_begun(desk: Desk) -> None:
    session_id = post(desk, "/v1/bookings", BOOKING).json["session_id"]
    refused(
        post(desk, f"/v1/sessions/{session_id}/attendance", {"status": "completed"}),
        409,
        "not_begun",
    )
