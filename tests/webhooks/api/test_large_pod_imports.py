"""Pods of many people, exported and imported again: what is counted is who gets or loses a seat."""

import csv
import io
from typing import Any

import pytest

from tests.support import people
from tests.support.booking_requests import POD, post, refused
from tests.support.http_client import Desk
from tests.support.pod_imports import HEAD, line, real, upload
from webhooks.api import pod_import_runs
from webhooks.api.spreadsheets import CSV, XLSX

RANGE = "from=2026-06-01&to=2026-06-30"
HUNDRED = {"max_seats": 100, "context": {"programme_name": "Lead Well"}}


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    return one_desk


def pod(desk: Desk, start: str, count: int = 100) -> None:
    seated = []
    for number in range(count):
        who: dict[str, Any] = {"id": f"p{number}", "name": f"Participant Name {number:03}"}
        seated.append(who | {"email": f"participant.{number:03}@example.test", "zone": "UTC"})
    made = post(desk, "/v1/pods", POD | HUNDRED | {"start": start, "participants": seated})
    assert made.status_code == 201, made.text


def exported(desk: Desk) -> list[dict[str, str]]:
    text = desk.get(f"/v1/pods/export.csv?{RANGE}").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def as_file(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def test_a_pod_of_a_hundred_people_is_imported_as_it_was_exported(desk: Desk) -> None:
    pod(desk, "2026-06-02T10:00:00Z")
    assert len(exported(desk)[0]["Usernames or participants"]) > 4_000
    for path, kind in (("csv", CSV), ("xlsx", XLSX)):
        raw = desk.get(f"/v1/pods/export.{path}?{RANGE}").data
        answer = upload(desk, raw, kind=kind)
        assert answer.status_code == 200, answer.text
        assert [row["comes"] for row in answer.json["rows"]] == ["unchanged"]


def test_people_are_counted_in_rows_that_change_anything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_import_runs, "MOST_PEOPLE", 15)
    for day in (2, 3, 4):
        pod(desk, f"2026-06-0{day}T10:00:00Z", 10)
    rows = exported(desk)
    assert upload(desk, as_file(rows)).status_code == 200
    rows[0]["Session title"] = "One"
    answer = real(desk, as_file(rows))
    assert (answer.status_code, answer.json["imported"]) == (201, True), answer.text
    rows = exported(desk)
    rows[1]["Session title"] = rows[2]["Session title"] = "Two"
    before = desk.dump()
    for answer in (upload(desk, as_file(rows)), real(desk, as_file(rows))):
        assert "at most 15 participants" in refused(answer, 422, "file_refused")["detail"]
    assert desk.dump() == before


@pytest.mark.parametrize(("rows", "most"), [(6, "at most 1000 "), (51, "at most 10000 ")])
def test_more_people_than_coaches_can_be_locked_for_are_refused(
    desk: Desk, rows: int, most: str
) -> None:
    everybody = "; ".join(f"P {number} <{number}@x.test>" for number in range(200))
    lines = [HEAD]
    for number in range(rows):
        lines.append(line(at=f"{9 + number % 6:02}:00", people=everybody, max="200"))
    raw = "\n".join(lines).encode()
    told = refused(upload(desk, raw), 422, "file_refused")
    assert most in told["detail"]
