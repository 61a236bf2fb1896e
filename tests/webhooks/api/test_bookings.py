"""Bookings, holds, pods and sessions over HTTP: what is answered, refused, repeated and kept."""

import secrets
from typing import Any

import pytest

from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people as people_tests
from tests.support.http_client import Answer, Desk
from webhooks.http import idempotent
from webhooks.http.codes import CODES
from webhooks.http.problems import PROBLEM

GRACE = {
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "America/New_York",
}
HEDY = {
    "id": "hedy",
    "name": "Hedy Lamarr",
    "email": "hedy@example.test",
    "zone": "Europe/Vienna",
    "language": "de",
}
TEN, NINE = "2026-06-02T10:00:00Z", "2026-06-02T09:00:00Z"
BOOKING = {"coach_id": "ada", "start": TEN, "duration": 60, "participant": GRACE}
POD = {
    "coach_id": "ada",
    "start": TEN,
    "duration": 60,
    "min_seats": 2,
    "max_seats": 2,
    "title": "Circle",
}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Tuesday 09:00-10:00 UTC her calendar is busy."""
    people_tests.introduce(desk.database, people_tests.MAILED)
    desks.connect(desk, (people_tests.at(2, 12), people_tests.at(2, 13)))
    return desk


def send(
    desk: Desk, method: str, path: str, body: Any = None, *scopes: str, key: str | None = None
) -> Answer:
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    return desk.ask(method, path, *scopes, json=body, headers=headers)


def post(desk: Desk, path: str, body: Any, *scopes: str, key: str | None = None) -> Answer:
    return send(desk, "POST", path, body, *scopes, key=key)


def listed(desk: Desk) -> list[str]:
    found: list[str] = desk.get(
        "/v1/coaches/ada/slots?from=2026-06-02&to=2026-06-03&duration=60"
    ).json["starts"]
    return found


def rows(desk: Desk, table: Any) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(table.select()))


def refused(answer: Answer, status: int, code: str) -> Any:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.mimetype == PROBLEM
    assert CODES[code][0] == status
    return answer.json


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


def test_the_same_key_gets_the_same_answer_and_one_booking(desk: Desk) -> None:
    first = post(desk, "/v1/bookings", BOOKING, key="k-1")
    again = post(desk, "/v1/bookings", dict(reversed(BOOKING.items())), key="k-1")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(desk.dump()["bookings"]) == 1
    refused(
        post(desk, "/v1/bookings", BOOKING | {"duration": 30}, key="k-1"),
        422,
        "idempotency_key_reused",
    )
    refused(
        post(desk, f"/v1/bookings/{first.json['id']}/cancel", {}, key="k-1"),
        422,
        "idempotency_key_reused",
    )
    assert len(desk.dump()["bookings"]) == 1


def test_a_refusal_is_repeated_too_but_a_bad_request_is_not_kept(desk: Desk) -> None:
    post(desk, "/v1/bookings", BOOKING)
    first = post(desk, "/v1/bookings", BOOKING | {"participant": HEDY}, key="k-2")
    assert post(desk, "/v1/bookings", BOOKING | {"participant": HEDY}, key="k-2").data == first.data
    off_grid = BOOKING | {"start": "2026-06-02T14:01:00Z"}
    assert post(desk, "/v1/bookings", off_grid, key="k-3").json["code"] == "not_on_the_grid"
    assert (
        post(
            desk, "/v1/bookings", BOOKING | {"start": "2026-06-02T14:00:00Z"}, key="k-3"
        ).status_code
        == 201
    )


def test_a_refusal_is_not_told_to_whom_the_same_request_was_granted_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of the same request at once: one is too early for the time that somebody gives up, the
    other is not.
    """
    first = post(desk, "/v1/bookings", BOOKING)
    asked, granted, settled = BOOKING | {"participant": HEDY}, list[Answer](), idempotent._settled

    def after_the_other(*given: Any) -> bool:
        monkeypatch.undo()
        post(desk, f"/v1/bookings/{first.json['id']}/cancel", {})
        granted.append(post(desk, "/v1/bookings", asked, key="k-4"))
        return settled(*given)

    monkeypatch.setattr(idempotent, "_settled", after_the_other)
    answer = post(desk, "/v1/bookings", asked, key="k-4")
    assert (answer.status_code, answer.data) == (201, granted[0].data)
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert sorted(row.status for row in rows(desk, tables.bookings)) == ["booked", "cancelled"]
    assert rows(desk, tables.refusals) == []


def test_keys_belong_to_their_client(desk: Desk) -> None:
    assert post(desk, "/v1/bookings", BOOKING, "bookings:write", key="k").status_code == 201
    later = BOOKING | {"start": "2026-06-02T14:00:00Z"}
    assert post(desk, "/v1/bookings", later, "bookings:write", "ops", key="k").status_code == 201


def test_a_write_needs_a_key_of_its_own(desk: Desk) -> None:
    before = desk.dump()
    refused(desk.ask("POST", "/v1/bookings", json=BOOKING), 400, "idempotency_key_required")
    refused(desk.ask("POST", "/v1/holds", json={"coach_id": "ada", "start": TEN, "duration": 60,
        "owner": "p"}), 400,
            "idempotency_key_required")  # fmt: skip
    refused(post(desk, "/v1/bookings", BOOKING, key="two words"), 422, "invalid_value")
    refused(post(desk, "/v1/bookings", BOOKING, key="x" * 201), 422, "invalid_value")
    assert desk.dump() == before


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
    refused(desk.ask("POST", f"{path}/cancel", json={}, headers=headers), 409, "stale_version")
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
    refused(post(desk, "/v1/bookings", BOOKING | {"participant": HEDY}), 409, "slot_not_open")
    assert post(desk, "/v1/bookings", BOOKING | {"hold_id": hold["id"]}).status_code == 201
    refused(send(desk, "DELETE", f"/v1/holds/{hold['id']}"), 404, "unknown_hold")


def test_a_released_hold_opens_its_time(desk: Desk) -> None:
    hold = post(
        desk, "/v1/holds", {"coach_id": "ada", "start": TEN, "duration": 60, "owner": "grace"}
    ).json
    assert desk.ask("DELETE", f"/v1/holds/{hold['id']}").status_code == 204
    assert TEN in listed(desk)


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


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/bookings/bkg_0/cancel", "booking"),
        ("/v1/pods/ses_0/seats", "pod"),
        ("/v1/sessions/ses_0/attendance", "session"),
    ],
)
def test_what_is_not_there_is_404(desk: Desk, path: str, what: str) -> None:
    bodies = {"booking": {}, "pod": {"participant": GRACE}, "session": {"status": "missed"}}
    assert refused(post(desk, path, bodies[what]), 404, f"unknown_{what}")["field"] == f"{what}_id"


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("/v1/bookings", BOOKING | {"start": "tomorrow"}, "invalid_instant", "start"),
    ("/v1/bookings", BOOKING | {"start": "2026-06-02T10:00:00"}, "invalid_instant", "start"),
    ("/v1/bookings", BOOKING | {"start": "2026-06-02T10:01:00Z"}, "not_on_the_grid", "start"),
    ("/v1/bookings", BOOKING | {"duration": 45}, "duration_not_offered", "duration"),
    ("/v1/bookings", BOOKING | {"duration": "60"}, "wrong_type", "duration"),
    ("/v1/bookings", BOOKING | {"pod_id": "ses_1"}, "time_or_pod", "coach_id"),
    ("/v1/bookings", {"participant": GRACE, "coach_id": "ada", "start": TEN}, "missing",
     "duration"),
    ("/v1/bookings", {"coach_id": "ada"}, "missing", "participant"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"zone": "Mars/Base"}}, "unknown_zone",
     "participant.zone"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"email": "grace"}}, "not_an_address",
     "participant.email"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"email": "a..b@x.test"}}, "not_an_address",
     "participant.email"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": ""}}, "too_many",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": "x\0"}}, "invalid_value",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": "x" * 301}}, "too_many",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"my_page_url": "javascript:alert(1)"}},
     "invalid_value",
     "participant.my_page_url"),
    ("/v1/bookings", BOOKING | {"force": {"reason": ""}}, "too_many", "force.reason"),
    ("/v1/bookings", BOOKING | {"price": 3}, "unknown_field", "price"),
    ("/v1/pods", POD | {"min_seats": 3}, "min_over_max", "min_seats"),
    ("/v1/pods", POD | {"format": "secret"}, "unknown_word", "format"),
    ("/v1/pods", POD | {"max_seats": 0}, "out_of_range", "max_seats"),
    ("/v1/holds", {"coach_id": "ada", "start": TEN, "duration": 60, "owner": "a", "minutes": 61},
     "out_of_range",
     "minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "code", "field"), BAD)
def test_a_bad_body_is_refused_by_its_field_and_changes_nothing(
    desk: Desk, path: str, body: dict[str, Any], code: str, field: str
) -> None:
    before = desk.dump()
    answer = post(desk, path, body)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field), (
        answer.text
    )
    assert desk.dump() == before


def test_nothing_of_a_participant_is_in_a_refusal_or_a_listing(desk: Desk) -> None:
    post(desk, "/v1/bookings", BOOKING)
    other = post(desk, "/v1/bookings", BOOKING | {"participant": HEDY})
    told = (
        other.text
        + desk.get(
            "/v1/coaches/ada/slots?from=2026-06-02&to=2026-06-03&duration=60", "slots:read"
        ).text
    )
    assert "Grace" not in told
    assert "grace" not in told


def test_the_outbox_holds_one_mail_a_person_and_change(desk: Desk) -> None:
    booked = post(desk, "/v1/bookings", BOOKING).json
    post(desk, f"/v1/bookings/{booked['id']}/rebook", {"start": "2026-06-02T14:00:00Z"})
    row = tables.outbox.c
    with desk.database.read() as tx:
        found = [
            (each.topic, each.version, each.recipient)
            for each in tx.execute(
                tables.outbox.select().where(row.kind == "mail", row.topic != "reminder")
            )
        ]
    people = ("ada@example.test", "grace@example.test")
    assert sorted(found) == sorted(
        (topic, version, person)
        for topic, version in (("booked", 1), ("rebooked", 2))
        for person in people
    )
