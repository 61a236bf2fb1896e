"""Files of pods as they are uploaded, and what is said of each row."""

import secrets
from dataclasses import replace
from typing import Any

from tests.support.http_client import Answer, Desk
from webhooks.api.spreadsheets import CSV

HEAD = "programme,cohort,coach,date,time,zone,min,max,participants,duration"
PAT, SAM = "Pat Doe <pat@example.test>", "Sam Roe <sam@example.test>"


def line(
    *,
    coach: str = "ada",
    at: str = "13:00",
    day: str = "2026-06-02",
    people: str = PAT,
    **other: str,
) -> str:
    cells = {"programme": "Lead Well", "cohort": "c1", "coach": coach, "date": day, "time": at}
    cells |= {
        "zone": "Europe/London",
        "min": "1",
        "max": "4",
        "participants": people,
        "duration": "60",
    } | other
    return ",".join(cells[name] for name in HEAD.split(","))


def upload(
    desk: Desk, raw: bytes, query: str = "", *, kind: str = CSV, key: str | None = None
) -> Answer:
    headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
    return replace(desk, client=desk.client.application.test_client()).ask(
        "POST", f"/v1/pods/import{query}", "bookings:write", data=raw, headers=headers
    )


def real(desk: Desk, raw: bytes, **options: Any) -> Answer:
    return upload(desk, raw, "?dry_run=false", **{"key": secrets.token_hex(8)} | options)


def judged(told: Any) -> list[tuple[int, str, list[str]]]:
    return [
        (row["row"], row["verdict"], [remark["code"] for remark in row["remarks"]])
        for row in told["rows"]
    ]
