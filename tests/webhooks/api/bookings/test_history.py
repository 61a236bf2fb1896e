"""The history of a booking over HTTP, and what it never tells."""

from typing import Any

from storage.schema import tables
from tests.support.booking_requests import BOOKING, post
from tests.support.http_client import Desk

LATER = "2026-06-03T14:00:00Z"
FORCES = ("bookings:write", "bookings:force")


def told(desk: Desk, booking_id: str) -> list[Any]:
    answer = desk.ask("GET", f"/v1/bookings/{booking_id}/history", "bookings:read")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["history"]
    return found


def test_a_booking_tells_who_changed_it_when_and_what_was_sent_because_of_it(desk: Desk) -> None:
    booked = post(desk, "/v1/bookings", BOOKING, "bookings:write")
    body = {"start": LATER, "version": 1}
    moved = post(desk, f"/v1/bookings/{booked.json['id']}/rebook", body, "bookings:write")
    history = told(desk, booked.json["id"])
    steps = [it for it in history if it["by"]]
    assert [it["what"] for it in steps] == ["made", "booked", "moved", "followed"]
    assert [it["kind"] for it in steps] == ["session", "booking", "session", "booking"]
    assert (steps[2]["before"]["start"], steps[2]["after"]["start"]) == (BOOKING["start"], LATER)
    assert steps[0]["by"]["request_id"] == booked.headers["X-Request-ID"]
    assert steps[2]["by"]["request_id"] == moved.headers["X-Request-ID"]
    assert {it["by"]["door"] for it in steps} == {"api"}
    assert steps[2]["id"] == steps[3]["id"] != steps[0]["id"]
    mails = {(it["what"], it["recipient"]) for it in history if it["kind"] == "mail"}
    assert {("booked", "participant"), ("rebooked", "coach")} <= mails
    assert {it["state"] for it in history if it["kind"] == "mail"} <= {"pending", "superseded"}


def test_a_forced_booking_tells_its_reason_and_no_name_address_or_title(desk: Desk) -> None:
    body = BOOKING | {"start": "2026-06-02T05:00:00Z", "force": {"reason": "Agreed by phone."}}
    booked = post(desk, "/v1/bookings", body, *FORCES)
    assert booked.status_code == 201, booked.text
    with desk.database.write() as tx:
        tx.execute(tables.sessions.update().values(title="Canary"))
    answer = desk.ask("GET", f"/v1/bookings/{booked.json['id']}/history", "bookings:read")
    assert answer.json["history"][0]["reason"] == "Agreed by phone."
    for word in ("Grace", "grace@example.test", "Ada Lovelace", "Canary"):
        assert word not in answer.text


def test_of_a_booking_that_never_was_there_is_no_history(desk: Desk) -> None:
    answer = desk.ask("GET", "/v1/bookings/bkg_0/history", "bookings:read")
    assert answer.status_code == 404
