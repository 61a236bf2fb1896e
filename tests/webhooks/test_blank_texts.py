"""A text of which nobody sees anything, wherever the document, an import or a page takes one: it is
refused, or is as good as none.
"""

from secrets import token_hex
from typing import Any

import pytest

from domain.mail.safety import one_line
from tests.support.http_client import Desk
from tests.webhooks.every_request import REQUESTS, About, Things, filled
from tests.webhooks.request_parts import NUMBERS, ROSTER, Request
from tests.webhooks.text_fields import KEY, body_texts, put
from webhooks.api import pod_import_rows
from webhooks.api.sheet_columns import Columns
from webhooks.api.spreadsheets import CSV, read

BLANKS = ("\u200b", " ", "\u3164\ufe0f", "\u202e\u2066", "\u2800\u00a0\u0301", "\U000e0041\u00ad")
"""Zero width, a space, a filler with a selector, directions, blanks with a mark, tags."""


@pytest.fixture(scope="module")
def document(steady: Desk) -> dict[str, Any]:
    found: dict[str, Any] = steady.look("/openapi.json").json
    return found


def operation(document: dict[str, Any], name: str) -> tuple[str, str, dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            if told["operationId"] == name:
                return method.upper(), path, told
    raise KeyError(name)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.operation)
def test_no_field_of_the_document_takes_a_text_that_nobody_sees(
    steady: Desk, document: dict[str, Any], request_: Request
) -> None:
    method, path, told = operation(document, request_.operation)
    about = About(request_, Things(steady, f"blank{next(NUMBERS)}"))
    body, way = filled(request_.body, about), filled(path, about)
    for place in body_texts(told, document):
        if place.path[-1:] == (KEY,):
            continue
        for blank in BLANKS:
            sent = put(body, place.path, blank)
            headers = {"Idempotency-Key": token_hex(8)}
            answer = steady.ask(method, way, json=sent, headers=headers)
            assert answer.status_code in (401, 422), (place.path, ascii(blank), answer.text)


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("column", ["programme", "title"])
def test_a_cell_that_nobody_sees_is_red(column: str, blank: str) -> None:
    values = {"programme": "Lead", "title": "Group", "coach": "ada", "date": "2026-06-05"}
    values |= {"time": "13:00", "zone": "UTC", "min": "1", "max": "4"} | {column: f"x{blank}"}
    table = f"{','.join(values)}\n{','.join(values.values())}\n".encode()
    [line] = read(table, CSV, Columns())
    line.cells[column] = blank
    found = pod_import_rows.read(line)
    assert [(remark.code, remark.column) for remark in found.red] == [("shows_nothing", column)]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_participant_of_an_import_whose_name_nobody_sees_is_called_by_their_address(
    blank: str,
) -> None:
    head, row = ROSTER.strip().split("\n")
    table = f"{head},participants\n{row},{blank} <pat@x.test>\n".format(coach_id="ada").encode()
    [line] = read(table, CSV, Columns())
    found = pod_import_rows.read(line)
    assert found.entry is not None
    assert [each.name for each in found.entry.participants] == ["pat@x.test"]
    assert "name_missing" in [remark.code for remark in found.yellow]


def test_a_letter_that_is_younger_than_this_python_is_seen() -> None:
    assert one_line("\U0001fae8") == "\U0001fae8"  # a face of Unicode 15
