"""Files of pods as they are uploaded, and what is said of each row."""

import csv
import io
import secrets
from dataclasses import replace
from typing import Any

from tests.support.http_client import Answer, Desk
from webhooks.api.spreadsheets import CSV

HEAD = "programme,cohort,coach,date,time,zone,min,max,participants,duration"
RANGE = "from=2026-06-01&to=2026-06-30"
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


def exported(desk: Desk, query: str = "") -> list[dict[str, str]]:
    answer = desk.get(f"/v1/pods/export.csv?{RANGE}{query}")
    assert (answer.status_code, answer.mimetype) == (200, CSV), answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def as_file(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def comes(told: Any) -> list[tuple[str, str, list[str]]]:
    return [
        (row["verdict"], row["comes"], [each["field"] for each in row["differs"]])
        for row in told["rows"]
    ]
