"""A booking and its mails over HTTP."""

import secrets
from typing import Any

from sqlalchemy import select

from storage.schema import tables
from tests.support.http_client import Answer, Desk

COHORT = "/v1/mailers/cohort/spring"
BOOKED = f"{COHORT}/booked/en"
TEXT = {"subject": "Hello {{participant_name}}", "text": "You meet {{coach_name}}."}
GRACE = {
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "America/New_York",
}
BOOKING = {"coach_id": "ada", "start": "2026-06-03T10:00:00Z", "duration": 60, "participant": GRACE}


def post(desk: Desk, path: str, body: Any = None, *, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    return desk.ask("POST", path, json=body, headers=headers)


def booked(desk: Desk, **more: Any) -> str:
    answer = post(desk, "/v1/bookings", BOOKING | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def refused(answer: Answer, status: int, code: str, field: str | None = None) -> Any:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["detail"].endswith(".")
    if field is not None:
        assert answer.json["field"] == field
    return answer.json


def rows(desk: Desk) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(select(tables.outbox).where(tables.outbox.c.kind == "mail")))


def woken(desk: Desk) -> int:
    count: int = desk.runtime.broker.queues["mails"].qsize()
    return count
