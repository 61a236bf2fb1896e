"""Bookings as they are sent over HTTP, and what comes back."""

import secrets
from typing import Any

from tests.support.http_client import Answer, Desk
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


def send(
    desk: Desk, method: str, path: str, body: Any = None, *scopes: str, key: str | None = None
) -> Answer:
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    return desk.ask(method, path, *scopes, json=body, headers=headers)


def post(desk: Desk, path: str, body: Any, *scopes: str, key: str | None = None) -> Answer:
    return send(desk, "POST", path, body, *scopes, key=key)


def refused(answer: Answer, status: int, code: str) -> Any:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.mimetype == PROBLEM
    assert CODES[code][0] == status
    return answer.json
