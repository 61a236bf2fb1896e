"""Instants as the API writes them, and what a deployment answers while its database is away."""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests

from tests.support.processes import Town


def gone(start: datetime) -> str:
    return start.strftime("%Y-%m-%dT%H:%M:%SZ")


HOUR = timedelta(hours=1)


@dataclass
class Said:
    status: int
    code: str | None
    seconds: float
    headers: Any


def ask(running: Town, method: str, path: str, **options: Any) -> Said:
    headers = {"Authorization": f"Bearer {running.key}", "Idempotency-Key": secrets.token_hex(8)}
    began = time.monotonic()
    answer = requests.request(
        method, running.api.origin + path, headers=headers, timeout=30, **options
    )
    told = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    return Said(answer.status_code, told.get("code"), time.monotonic() - began, answer.headers)


def book(running: Town, start: str, coach: str = "ada") -> Said:
    who = {"id": secrets.token_hex(4), "name": "Anne", "email": "anne@example.test", "zone": "UTC"}
    body = {"coach_id": coach, "start": start, "duration": 60, "participant": who}
    return ask(running, "POST", "/v1/bookings", json=body)
