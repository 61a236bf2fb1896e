"""A booking's mails over HTTP: listed without words and addresses, and sent once more."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.mail import TEXT_KINDS
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Answer, Desk
from tests.webhooks.api.mail_texts.kit import BOOKING, GRACE, booked, post, refused, rows, woken

POD = {name: BOOKING[name] for name in ("coach_id", "start", "duration")} | {
    "min_seats": 1,
    "max_seats": 4,
}


@pytest.fixture
def later(desk: Desk, database_url: str) -> Iterator[Desk]:
    """The same desk when the session of BOOKING has begun."""
    with desks.opened(
        database_url, broker=StubBroker(), now=people.NOW + timedelta(days=2, hours=3)
    ) as opened:
        opened.keys = desk.keys
        yield opened


def test_a_bookings_mails_are_listed_without_words_and_addresses(desk: Desk) -> None:
    booking_id = booked(desk)
    told = desk.get(f"/v1/bookings/{booking_id}/mails", "bookings:read")
    assert told.status_code == 200
    assert told.json["booking_id"] == booking_id
    assert sorted((mail["kind"], mail["recipient"]) for mail in told.json["mails"]) == [
        (kind, role) for kind in ("booked", "reminder") for role in ("coach", "participant")
    ]
    assert {mail["state"] for mail in told.json["mails"]} == {"pending"}
    assert [mail["due_at"] for mail in told.json["mails"]] == ["2026-06-01T08:00:00Z"] * 2 + [
        "2026-06-02T10:00:00Z"
    ] * 2
    assert "@" not in told.text
    assert "Hopper" not in told.text
    refused(desk.get("/v1/bookings/bkg_none/mails"), 404, "unknown_booking")


def send(desk: Desk, booking_id: str, kind: str = "booked", **options: Any) -> Answer:
    return post(desk, f"/v1/bookings/{booking_id}/mails/{kind}/send", **options)


def test_send_now_sends_one_more_mail_a_click(desk: Desk) -> None:
    booking_id = booked(desk)
    before, waking = len(rows(desk)), woken(desk)
    answer = send(desk, booking_id, key="click-1")
    assert answer.status_code == 202, answer.text
    (added,) = [row for row in rows(desk) if row.id == answer.json["outbox_id"]]
    assert answer.json["state"] == "pending"
    assert (added.topic, added.version, added.recipient) == ("booked", 1, "grace@example.test")
    assert send(desk, booking_id, key="click-1").data == answer.data
    assert (len(rows(desk)), woken(desk)) == (before + 1, waking + 1), "one mail, one wake-up"
    assert send(desk, booking_id, key="click-2").json["outbox_id"] != added.id
    assert len({row.message_id for row in rows(desk)}) == before + 2


def test_a_click_is_remembered_longer_than_its_answer(desk: Desk) -> None:
    booking_id = booked(desk)
    first = send(desk, booking_id, key="click")
    with desk.database.write() as tx:
        tx.execute(tables.idempotency.delete())
        tx.execute(
            tables.outbox.update()
            .values(state="sent")
            .where(tables.outbox.c.id == first.json["outbox_id"])
        )
    again = send(desk, booking_id, key="click")
    assert again.json == first.json | {"state": "sent"}


def test_only_a_mail_that_is_true_of_the_booking_is_sent(desk: Desk, later: Desk) -> None:
    booking_id = booked(desk)
    assert fitting(desk, booking_id) == ["booked", "reminder"]
    moved = post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T12:00:00Z"})
    assert moved.status_code == 200
    assert fitting(desk, booking_id) == ["booked", "rebooked", "reminder"]
    assert fitting(later, booking_id) == ["booked", "rebooked", "reminder"], "it begins at noon"
    post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T09:00:00Z"})
    assert fitting(later, booking_id) == []
    assert post(desk, f"/v1/bookings/{booking_id}/cancel", {}).json["status"] == "cancelled"
    assert fitting(desk, booking_id) == ["cancelled"]


def test_who_missed_a_session_or_left_a_pod_is_mailed_that(desk: Desk) -> None:
    late = booked(desk, start="2026-06-01T14:00:00Z")
    assert post(desk, f"/v1/bookings/{late}/cancel", {}).json["status"] == "missed"
    assert fitting(desk, late) == ["missed"]
    pod = post(desk, "/v1/pods", POD | {"participants": [GRACE, GRACE | {"id": "hedy"}]}).json
    seat, other = (booking["id"] for booking in pod["bookings"])
    post(desk, f"/v1/bookings/{seat}/cancel", {})
    assert fitting(desk, seat) == ["seat_left"]
    headers = {"Idempotency-Key": "off"}
    assert desk.ask(
        "PATCH", f"/v1/pods/{pod['session_id']}", json={"status": "disabled"}, headers=headers
    ).json
    assert fitting(desk, other) == ["cancelled"]


def fitting(desk: Desk, booking_id: str) -> list[str]:
    """The kinds that are sent; the refusals of the others name them."""
    answers = {
        kind: send(desk, booking_id, kind) for kind in TEXT_KINDS if not kind.startswith("coach_")
    }
    sent = [kind for kind, answer in answers.items() if answer.status_code == 202]
    for answer in answers.values():
        if answer.status_code != 202:
            assert sorted(refused(answer, 409, "mail_not_fitting")["fitting"]) == sorted(sent)
    return sorted(sent)


def test_a_rebooking_mailed_again_still_knows_the_time_before(desk: Desk) -> None:
    booking_id = booked(desk)
    post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T12:00:00Z"})
    answer = send(desk, booking_id, "rebooked")
    (added,) = [row for row in rows(desk) if row.id == answer.json["outbox_id"]]
    before = datetime.fromisoformat("2026-06-03T10:00:00Z").timestamp()
    assert (added.payload["previous_starts"], added.payload["sequence"]) == (before, 1)


def test_send_now_needs_a_key_a_kind_a_booking_and_the_right(desk: Desk) -> None:
    booking_id = booked(desk)
    path = f"/v1/bookings/{booking_id}/mails"
    refused(desk.ask("POST", f"{path}/booked/send"), 400, "idempotency_key_required")
    refused(send(desk, booking_id, "coach_booked"), 422, "unknown_word", "kind")
    refused(send(desk, "bkg_none"), 404, "unknown_booking")
    headers = {"Idempotency-Key": "k"}
    refused(
        desk.ask("POST", f"{path}/booked/send", "bookings:read", headers=headers),
        403,
        "scope_missing",
    )
    refused(desk.get(path, "mailers:write"), 403, "scope_missing")
