"""An import takes the customer's own columns, and usernames whose meaning the platform tells."""

from base64 import b64encode
from typing import Any, get_args

import pytest

from tests.support import people
from tests.support.booking_requests import GRACE, post, refused
from tests.support.http_client import Desk
from tests.support.pod_imports import judged, upload
from tests.support.spreadsheets import workbook
from webhooks.api import pod_import_rows, spreadsheets
from webhooks.api.schemas.pod_imports import Column
from webhooks.api.sheet_columns import Columns
from webhooks.api.sheet_headings import ALIASES, COLUMNS, HEADINGS, MOMENT, REQUIRED
from webhooks.api.spreadsheets import CSV, SheetLine

CELLS = {
    "programme": "Lead Well",
    "cohort": "c1",
    "title": "Feedback",
    "coach": "ada@example.test",
    "date": "2026-06-02",
    "time": "13:00",
    "duration": "60",
    "min": "1",
    "max": "4",
    "zone": "Europe/London",
    "format": "open",
    "participants": "Pat Doe <pat@example.test>",
}
WHEN = {name: text for name, text in CELLS.items() if name not in MOMENT}
WHEN |= {"when": "2026-06-02 13:00"}
NAMES = [(name, each) for name, aliases in ALIASES.items() for each in (name, *aliases)]


def table(head: list[str], *rows: list[str]) -> bytes:
    lines = [head, *rows]
    return "\n".join(";".join(f'"{cell}"' for cell in line) for line in lines).encode()


def named(**headings: str) -> bytes:
    """The good row, its columns called so, in the opposite order."""
    cells = dict(reversed([(headings.get(name, name), text) for name, text in CELLS.items()]))
    return table(list(cells), list(cells.values()))


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    one_desk.key("bookings:write")
    return one_desk


@pytest.mark.parametrize(("column", "heading"), NAMES, ids=[name for _, name in NAMES])
def test_each_name_of_a_column_means_it_in_any_case_and_with_any_mark(
    column: str, heading: str
) -> None:
    columns = Columns()
    marked = (heading, heading.upper(), f"{heading.title()}*", f"* {heading}", f"{heading}:")
    more = (f"{heading} (required)", f"{heading} [Required] *", heading.replace(" ", "_"))
    for written in (*marked, *more, heading.replace("e mail", "e-mail")):
        assert columns.name(written) == column, written


def test_no_name_means_two_columns() -> None:
    names = [each for _, each in NAMES]
    assert len(names) == len(set(names))
    assert {Columns().name(heading) for heading in HEADINGS.values()} == set(HEADINGS)


def test_the_customers_own_columns_are_read_in_any_order(desk: Desk) -> None:
    raw = named(
        programme="Programme Title",
        cohort="COHORT",
        title="Session title",
        coach="Coach E-Mail*",
        date="Date",
        time="Start time (required)",
        zone="Time Zone",
        participants="Usernames or participants",
    )
    answer = upload(desk, raw)
    assert judged(answer.json) == [(2, "green", [])], answer.text
    assert answer.json["rows"][0]["comes"] == "new"


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [
        ("2026-06-02 13:00", []),
        ("2026-06-02T13:00", []),
        ("2.6.2026, 13:00", []),
        ("2026-06-02", ["invalid_time"]),
        ("13:00", ["invalid_date", "invalid_time"]),
        ("T", ["invalid_date", "invalid_time"]),
    ],
)
def test_date_and_time_may_be_one_column(moment: str, verdict: list[str]) -> None:
    cells = WHEN | {"when": moment}
    raw = table(list(cells), list(cells.values())).replace(b'"when"', b'"Date and Time"')
    [line] = spreadsheets.read(raw, CSV, Columns())
    found = pod_import_rows.read(line)
    assert [remark.code for remark in found.red] == verdict
    if not verdict:
        assert found.entry is not None
        assert found.entry.start == people.at(2, 12)


@pytest.mark.parametrize("mark", [",", ";", "\n", " , \n;"])
def test_participants_are_separated_by_comma_semicolon_or_line(mark: str) -> None:
    people_named = mark.join(
        ("Pat Doe <pat@example.test>", '"Roe, Sam" <sam@example.test>', "kim@example.test")
    )
    found = pod_import_rows.read(SheetLine(2, CELLS | {"participants": people_named}))
    assert found.red == []
    assert found.entry is not None
    assert [(who.name, who.email) for who in found.entry.participants] == [
        ("Pat Doe", "pat@example.test"),
        ("Roe, Sam", "sam@example.test"),
        ("kim@example.test", "kim@example.test"),
    ]


def test_a_username_is_who_the_platform_says_and_an_unknown_one_is_red(desk: Desk) -> None:
    raw = named().replace(b"Pat Doe <pat@example.test>", b"Grace.H, nobody7, pat@example.test")
    body = {"csv": raw.decode(), "people": [{"username": "grace.h", "participant": GRACE}]}
    answer = post(desk, "/v1/pods/import/table", body)
    assert judged(answer.json) == [(2, "red", ["unknown_username", "name_missing"])]
    assert "'nobody7'" in answer.json["rows"][0]["remarks"][0]["detail"]
    body["csv"] = raw.replace(b" nobody7,", b"").decode()
    made = post(desk, "/v1/pods/import/table?dry_run=false", body)
    assert made.status_code == 201, made.text
    [row] = made.json["rows"]
    pod = desk.get(f"/v1/pods/{row['pod_id']}").json
    who = {seat["participant"]["email"]: seat["participant"] for seat in pod["bookings"]}
    # The platform's own id, zone and language; of the other nothing is known but the address
    assert who["grace@example.test"] == GRACE | {"language": "en", "my_page_url": None}
    assert who["pat@example.test"]["id"].startswith("imp_")


def test_a_column_of_another_name_is_mapped(desk: Desk) -> None:
    raw = named(coach="Led by").decode()
    unmapped = post(desk, "/v1/pods/import/table", {"csv": raw})
    refused(unmapped, 422, "file_refused")
    columns = [{"heading": "LED BY *", "column": "coach"}]
    answer = post(desk, "/v1/pods/import/table", {"csv": raw, "columns": columns})
    assert judged(answer.json) == [(2, "green", [])]


def test_a_workbook_comes_in_base64(desk: Desk) -> None:
    raw = b64encode(workbook(list(CELLS), list(CELLS.values()))).decode()
    assert judged(post(desk, "/v1/pods/import/table", {"xlsx": raw}).json) == [(2, "green", [])]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"xlsx": "no base64!"}, "invalid_value"),
        ({"xlsx": b64encode(b"no workbook").decode()}, "file_refused"),
        ({}, "missing"),
        ({"csv": "x", "xlsx": raw}, "missing"),
    ]
    for body, code in wrong:
        refused(post(desk, "/v1/pods/import/table", body), 422, code)


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_file_without_a_needed_column_is_refused(desk: Desk, missing: str) -> None:
    cells = {name: text for name, text in CELLS.items() if name != missing}
    answer = upload(desk, table(list(cells), list(cells.values())))
    assert refused(answer, 422, "file_refused")["detail"].startswith(f"Add the column {missing}")


def test_every_column_is_documented_for_json() -> None:
    assert set(get_args(Column)) == set(COLUMNS)
