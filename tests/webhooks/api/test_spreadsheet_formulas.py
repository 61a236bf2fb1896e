"""What we write computes nothing in a spreadsheet, whatever delimiter it is set to, and comes back
as it was.
"""

import csv
import io
import time

import pytest

from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, POD, post
from tests.support.http_client import Desk
from tests.support.pod_imports import upload
from webhooks.api.sheet_marks import as_typed, harmless
from webhooks.api.spreadsheets import CSV, DELIMITERS, XLSX

SIGNS = ("=", "+", "-", "@")
RANGE = "from=2026-06-01&to=2026-06-30"
LINK = 'HYPERLINK("https://x.test","y")'


@pytest.mark.parametrize("mark", [";", ",", "\t", "; ", ', "', ';""', "; 'x',"])
@pytest.mark.parametrize("sign", [*SIGNS, "'=", "''-"])
@pytest.mark.parametrize("before", ["a", "", "'", "=", ";", '"'])
def test_a_sign_behind_a_delimiter_is_marked_and_read_back(
    mark: str, sign: str, before: str
) -> None:
    typed = f"{before}{mark}{sign}{LINK}{mark}{sign}1"
    written = harmless(typed)
    assert as_typed(written) == typed
    for delimiter in DELIMITERS:
        for cell in written.split(delimiter):
            assert not cell.strip(' "').startswith(SIGNS)


@pytest.mark.parametrize("text", ["Rock, 'n' roll", "a-b; c+d", "tis; 'twas", "a=b, c@d", ";'"])
def test_what_begins_nothing_is_written_and_read_as_it_is(text: str) -> None:
    assert harmless(text) == text
    assert as_typed(text) == text
    assert as_typed(harmless(text)) == text


@pytest.mark.parametrize("piece", ["\t", ";", "; ", ";'", '"', "'", ' "', ";="])
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    began = time.process_time()
    assert as_typed(harmless(text)) == text
    assert time.process_time() - began < 2


def test_a_file_read_with_another_delimiter_computes_nothing_and_comes_back(desk: Desk) -> None:
    people.ready(desk.database)
    desk.key("bookings:write")
    evil = HEDY | {"name": f"; ={LINK}", "email": "h@example.test"}
    body = POD | {"title": f"Kick off;={LINK}", "participants": [GRACE, evil]}
    assert post(desk, "/v1/pods", body).status_code == 201
    raw = desk.get(f"/v1/pods/export.csv?{RANGE}").data
    text = raw.decode("utf-8-sig")
    for line in text.splitlines():
        for cell in line.split(";"):
            assert not cell.strip(' "').startswith(SIGNS), line
    for path, kind in (("csv", CSV), ("xlsx", XLSX)):
        raw = desk.get(f"/v1/pods/export.{path}?{RANGE}").data
        told = upload(desk, raw, kind=kind).json
        assert [each["comes"] for each in told["rows"]] == ["unchanged"], told


def test_people_are_torn_apart_by_no_spreadsheet_that_is_set_to_semicolons(desk: Desk) -> None:
    people.ready(desk.database)
    assert post(desk, "/v1/pods", POD | {"participants": [GRACE, HEDY]}).status_code == 201
    text = desk.get(f"/v1/pods/export.csv?{RANGE}").data.decode("utf-8-sig")
    assert ";" not in text
    [row] = csv.DictReader(io.StringIO(text))
    assert row["Usernames or participants"].count("@") == 2
