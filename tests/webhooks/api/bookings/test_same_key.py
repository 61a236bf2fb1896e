"""A write that comes again under its Idempotency-Key gets the same answer, and is done once."""

from typing import Any

import pytest

from storage.schema import tables
from tests.support.booking_requests import BOOKING, HEDY, TEN, post, refused
from tests.support.http_client import Answer, Desk
from webhooks.http import idempotent


def rows(desk: Desk, table: Any) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(table.select()))


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
