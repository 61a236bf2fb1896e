"""Recent refusals: where, why and whose; nothing of what was sent; and few of them, however many
there are.
"""

from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from storage.rows import refusals
from storage.rows.refusals import Refusal
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import BOOKING, post, send
from tests.support.http_client import CHANGE, PUSH, Desk
from tests.support.page_visitor import HEDY, enter
from tests.workers.cronofy.clocks import Clock
from webhooks.http import refusal_log
from webhooks.http.refusal_log import AT_ONCE, LogAllowance

BUSY = (people.at(2, 9), people.at(2, 10))
FREE = "2026-06-02T13:00:00Z"
CANARIES = ("canary", "hedy", "lamarr", "grace", "example.test", "a-channel-token", "cck_")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Tuesday 09:00-10:00 UTC her calendar is busy."""
    people.ready(desk.database, people.MAILED, BUSY)
    return desk


def kept(desk: Desk) -> list[Refusal]:
    with desk.database.read() as tx:
        return refusals.recent(tx, limit=1000)


def told(desk: Desk) -> list[tuple[str, str, str | None, str | None, str | None]]:
    return sorted((it.place, it.code, it.reason, it.coach_id, it.client_id) for it in kept(desk))


def test_a_write_that_is_refused_is_listed_with_its_reason_its_coach_and_its_client(
    desk: Desk,
) -> None:
    busy = BOOKING | {"start": "2026-06-02T09:00:00Z"}
    assert (
        desk.ask(
            "POST", "/v1/bookings", "bookings:write", json=busy, headers={"Idempotency-Key": "1"}
        ).status_code
        == 409
    )
    assert kept(desk) == [
        Refusal(people.NOW, "POST /v1/bookings", "slot_not_open", "busy", "bookings:write", "ada")
    ]


def test_a_refusal_at_a_booking_or_a_pod_is_told_with_its_coach(desk: Desk) -> None:
    booked = post(desk, "/v1/bookings", BOOKING | {"start": FREE}).json
    post(desk, f"/v1/bookings/{booked['id']}/rebook", {"start": FREE, "version": 9})
    send(desk, "PATCH", f"/v1/pods/{booked['session_id']}", {"title": "x"})
    desk.get("/v1/bookings/bkg_nothing")
    assert [(code, coach) for _, code, _, coach, _ in told(desk)] == [
        ("unknown_booking", None),
        ("unknown_pod", "ada"),
        ("stale_version", "ada"),
    ]


def test_reads_and_strangers_are_listed_and_what_they_sent_is_not(desk: Desk) -> None:
    desk.get("/v1/coaches/canary@example.test")
    desk.get("/v1/coaches/ada", "ops")
    desk.get("/v1/coaches/ada/slots?from=canary&to=2026-06-08")
    desk.client.get(
        "/v1/coaches/ada", headers={"Authorization": "Bearer cck_1_canary"}, buffered=True
    )
    desk.client.get("/canary/path", buffered=True)
    desk.client.post(PUSH, data=CHANGE, buffered=True)
    post(desk, "/v1/bookings", BOOKING | {"participant": HEDY, "coach_id": "canary-\0"})
    post(desk, "/v1/bookings", BOOKING | {"canary": "canary"})
    assert [(place, code, coach) for place, code, _, coach, _ in told(desk)] == [
        ("GET /v1/coaches/<coach_id>", "key_unknown", "ada"),
        ("GET /v1/coaches/<coach_id>", "scope_missing", "ada"),
        ("GET /v1/coaches/<coach_id>", "unknown_coach", None),
        ("GET /v1/coaches/<coach_id>/slots", "invalid_instant", "ada"),
        ("POST /v1/bookings", "invalid_value", None),
        ("POST /v1/bookings", "unknown_field", "ada"),
        ("POST /webhooks/cronofy/<channel_token>", "signature_invalid", None),
    ]
    assert [canary for canary in CANARIES if canary in repr(told(desk)).lower()] == []


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b"\xff", b'{"coach_id": 7}', b'{"coach_id": "a\\u0000b"}', b"x" * 300_000],
)
def test_a_body_that_cannot_be_read_is_listed_all_the_same(desk: Desk, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "1"}
    assert 400 <= desk.ask("POST", "/v1/bookings", data=body, headers=headers).status_code < 500
    assert [it.coach_id for it in kept(desk)] == [None]


def test_refusals_of_a_booking_page_are_listed_with_the_reason_that_the_participant_is_not_told(
    desk: Desk,
) -> None:
    guest = enter(desk)
    form = guest.confirm(people.at(2, 13))
    guest.get(f"/book/confirm?start={BUSY[0]}&duration=60")
    assert "busy" not in guest.post("/book", form | {"start": str(BUSY[0])}).text
    guest.get("/book/bookings/bkg_nothing")
    guest.post("/book", form | {"csrf": "other"})
    desk.client.get("/book", buffered=True)
    assert told(desk) == [
        ("GET /book", "session_over", None, None, None),
        ("GET /book/bookings/<booking_id>", "not_here", None, "ada", None),
        ("GET /book/confirm", "slot_not_open", "busy", "ada", None),
        ("POST /book", "foreign_form", None, "ada", None),
        ("POST /book", "slot_not_open", "busy", "ada", None),
    ]


def test_what_went_well_or_failed_by_our_fault_is_no_refusal(desk: Desk) -> None:
    desk.get("/v1/coaches/ada")
    desk.look("/ops/static/nothing.css")
    with desks.opened("postgresql://127.0.0.1:1/nobody", broker=StubBroker()) as away:
        headers = {"Authorization": "Bearer cck_1_unknown"}
        assert away.client.get("/v1/coaches/ada", headers=headers, buffered=True).status_code == 503
    assert kept(desk) == []


def test_a_refusal_is_answered_though_the_database_has_gone_meanwhile(one_desk: Desk) -> None:
    with desks.opened("postgresql://127.0.0.1:1/nobody", broker=StubBroker()) as away:
        assert away.client.get("/v1/coaches/ada", buffered=True).status_code == 401


def test_a_storm_writes_few_rows_and_strangers_cannot_crowd_out_those_we_know(
    one_desk: Desk,
) -> None:
    people.introduce(one_desk.database)
    for _ in range(3 * AT_ONCE):
        one_desk.client.get("/v1/coaches/ada", buffered=True)
    for _ in range(2):
        one_desk.get("/v1/coaches/nobody")
    codes = [it.code for it in kept(one_desk)]
    assert codes.count("key_missing") <= AT_ONCE + 1
    assert codes.count("unknown_coach") == 2
    assert (
        f'coachcal_refusals_total{{code="key_missing"}} {3 * AT_ONCE}.0'
        in one_desk.look("/metrics").text
    )


def test_an_allowance_is_used_up_and_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(refusal_log, "time", clock)
    allowance = LogAllowance(2, timedelta(seconds=50))
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    clock.sleep(60)
    assert [allowance.take() for _ in range(2)] == [True, False]


def test_the_row_is_written_after_the_answer_has_left(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    answer: Any = one_desk.client.get("/v1/coaches/ada")
    assert (answer.status_code, kept(one_desk)) == (401, [])
    answer.close()
    assert [it.code for it in kept(one_desk)] == ["key_missing"]
