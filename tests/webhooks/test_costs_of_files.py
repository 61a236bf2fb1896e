"""Pushes and files of pods are read in time that grows with their length, whatever
stands in them.
"""

import csv
import io
import json

import pytest

from domain.logos import LARGEST
from tests.domain.pictures import END, PIXEL, chunk
from tests.support.http_client import PUSH, SECRET, Desk
from tests.support.pod_imports import HEAD, line
from tests.support.spreadsheets import workbook
from tests.webhooks.costs import (
    SIZE,
    Environ,
    Marks,
    check,
    environ_of,
    on_wire,
    pace,
    steady,
    with_body,
)
from tests.webhooks.text_fields import FOURS, TENS, worst
from webhooks.api.brands import PNG
from webhooks.api.sheet_headings import COLUMNS
from webhooks.api.spreadsheets import CSV, XLSX
from workers.cronofy import signature

__all__ = ["pace", "steady"]


@pytest.mark.parametrize("kind", ["a body", "a signature", "a notification"])
def test_a_push_is_read_in_time_that_grows_with_its_length(
    steady: Desk, pace: float, kind: str
) -> None:
    usual = environ_of(steady, "POST", PUSH, json={})

    def make(marks: Marks, size: int) -> Environ:
        text = worst(marks, size)
        raw = json.dumps(
            {"notification": {"type": text, "changes_since": text[: size // 4]}}
        ).encode()[: size + 1000]
        if kind == "a body":
            raw = text.encode()
        given = on_wire(text) if kind == "a signature" else signature.sign(raw, [SECRET])
        return with_body(usual, raw) | {"HTTP_CRONOFY_HMAC_SHA256": given}

    for marks in FOURS:
        check(steady, make, marks, 60_000, pace, kind)


CELLS = dict(zip(HEAD.split(","), line().split(","), strict=True))


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("kind", [CSV, XLSX], ids=["csv", "xlsx"])
def test_every_cell_of_an_import_is_read_in_time_that_grows_with_its_length(
    steady: Desk, pace: float, column: str, kind: str
) -> None:
    usual = environ_of(steady, "POST", "/v1/pods/import", content_type=kind)

    def make(marks: Marks, size: int) -> Environ:
        text = "".join(char for char in worst(marks, size) if char >= " ")
        rows = [CELLS | {column: text[: size // 20]} for _ in range(16)]
        return with_body(usual, sheet(rows, kind))

    for marks in TENS if kind == CSV else TENS[::4]:
        check(steady, make, marks, SIZE, pace, (kind, column))


@pytest.mark.parametrize("kind", [CSV, XLSX], ids=["csv", "xlsx"])
def test_every_header_of_an_import_is_read_in_time_that_grows_with_its_length(
    steady: Desk, pace: float, kind: str
) -> None:
    usual = environ_of(steady, "POST", "/v1/pods/import", content_type=kind)

    def make(marks: Marks, size: int) -> Environ:
        text = "".join(char for char in worst(marks, size) if char >= " ")
        return with_body(usual, sheet([{text: "x"} | CELLS], kind))

    for marks in FOURS:
        check(steady, make, marks, SIZE if kind == CSV else 30_000, pace, kind)
    if kind == CSV:
        for mark in ('"', ",", ";", "a,", '",', "\n", "\r", "a\n"):
            check(
                steady,
                lambda marks, size: with_body(usual, worst(marks, size).encode()),
                (mark,),
                SIZE,
                pace,
                kind,
            )


def test_every_chunk_of_a_logo_is_read_in_time_that_grows_with_their_number(
    steady: Desk, pace: float
) -> None:
    usual = environ_of(steady, "PUT", "/v1/brands/acme/logo", content_type=PNG)
    end = len(chunk(*END))

    def make(marks: Marks, size: int) -> Environ:
        tiny = chunk(marks[0].encode(), b"")
        between = tiny * (size // len(tiny))
        return with_body(usual, PIXEL[:-end] + between + PIXEL[-end:])

    for kind in ("tEXt", "IDAT"):
        check(steady, make, (kind,), LARGEST - 200, pace, kind)


def sheet(rows: list[dict[str, str]], kind: str) -> bytes:
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    if kind == XLSX:
        return workbook(*table)
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode()
