"""Importing pods: a file that is hostile, too large or of another type is refused with the next
step.
"""

import pytest

from tests.support.http_client import Desk
from tests.support.pod_imports import HEAD, line, upload
from tests.support.spreadsheets import ENTITIES, SHEET, blanks, repacked, table, workbook
from webhooks.api.spreadsheets import CSV, XLSX
from webhooks.http.requests import BODY_CAP

HOSTILE: dict[str, tuple[bytes, str]] = {
    "a bomb": (repacked(workbook(HEAD.split(",")), {SHEET: blanks(20_000_000)}), XLSX),
    "a document type": (repacked(workbook(HEAD.split(",")), {SHEET: ENTITIES.encode()}), XLSX),
    "no workbook": (b"PK\x03\x04", XLSX),
    "a formula": (table(line(people="=1+1"), head=HEAD), CSV),
    "a NUL": (table(line(people="P\0at <p@example.test>"), head=HEAD), CSV),
    "40 columns and one": (table(line() + "," * 40, head=HEAD), CSV),
    "a huge cell": (table(line(programme="x" * 5000), head=HEAD), CSV),
    "a huge cell of people": (table(line(people="x" * 30_001), head=HEAD), CSV),
    "Latin 1": (table(line(programme="Führung"), head=HEAD).decode().encode("latin-1"), CSV),
    "UTF-16": (table(line(), head=HEAD).decode().encode("utf-16"), CSV),
    "nothing": (b"", CSV),
    "too many people": (
        table(
            *[line(people=";".join(f"p{n}@x.test" for n in range(110)), max="200")] * 19, head=HEAD
        ),
        CSV,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_the_next_step(one_desk: Desk, name: str) -> None:
    raw, kind = HOSTILE[name]
    for query in ("", "?dry_run=false"):
        answer = upload(one_desk, raw, query, kind=kind, key="k")
        assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
            422,
            "file_refused",
            "body",
        )
        assert answer.json["detail"].endswith(".")


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_another_content_type_is_refused(one_desk: Desk, kind: str) -> None:
    answer = upload(one_desk, table(line(), head=HEAD), kind=kind)
    assert (answer.status_code, answer.json["code"]) == (415, "wrong_content_type")
    assert "text/csv" in answer.json["detail"]


def test_a_file_over_the_cap_is_refused(one_desk: Desk) -> None:
    answer = upload(one_desk, b"x" * (BODY_CAP + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_an_import_needs_the_right_to_book(one_desk: Desk) -> None:
    answer = one_desk.ask(
        "POST", "/v1/pods/import", "bookings:read", data=b"", headers={"Content-Type": CSV}
    )
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
