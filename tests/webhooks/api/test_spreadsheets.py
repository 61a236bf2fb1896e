"""Uploaded tables: what a spreadsheet program writes is read, as it is shown there."""

import io
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from tests.support.spreadsheets import GOOD, HEAD, lines, reds, repacked, table, workbook
from webhooks.api import pod_import_rows
from webhooks.api.spreadsheets import CSV, MOST_ROWS, XLSX
from webhooks.http.problems import RefusedRequest


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_of_any_spreadsheet_program_is_read(end: str, mark: str, encoding: str) -> None:
    cells = [
        "Führung",
        "ada",
        "2026-06-02",
        "13:00",
        "Europe/London",
        "1",
        "4",
        '"Doe, Pat <p@example.test>"',
    ]
    raw = end.join((mark.join(HEAD.split(",")), mark.join(cells), "", mark.join(cells))).encode(
        encoding
    )
    found = lines(raw)
    assert [line.number for line in found] == [2, 4], "as the spreadsheet numbers them"
    assert found[0].text("programme") == "Führung"
    assert found[0].text("participants") == "Doe, Pat <p@example.test>"


def test_a_cell_of_several_lines_is_one_cell() -> None:
    (found,) = lines(
        table(GOOD.replace("Pat Doe <pat@example.test>", '"a <a@x.test>\nb <b@x.test>"'))
    )
    entry = pod_import_rows.read(found).entry
    assert entry is not None
    assert [person.email for person in entry.participants] == ["a@x.test", "b@x.test"]


def test_dates_times_and_numbers_of_a_workbook_are_what_they_show() -> None:
    typed = (
        "Lead Well",
        "ada",
        date(2026, 6, 2),
        time(13),
        "Europe/London",
        1,
        4.0,
        "Pat Doe <pat@example.test>",
    )
    moments = (*typed[:2], datetime.fromisoformat("2026-06-02"), timedelta(hours=13), *typed[4:])
    found = lines(workbook(HEAD.split(","), typed, (), moments), XLSX)
    assert [line.number for line in found] == [2, 4]
    assert [pod_import_rows.read(line).entry for line in found] == [
        pod_import_rows.read(lines(table(GOOD))[0]).entry
    ] * 2


@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_a_formula_is_refused_and_never_computed(kind: str) -> None:
    cells = [*GOOD.split(",")[:5], "=1+1", "4", "=HYPERLINK(http://evil.test)"]
    raw = workbook(HEAD.split(","), cells) if kind == XLSX else table(",".join(cells))
    with pytest.raises(RefusedRequest) as refused:
        lines(raw, kind)
    assert refused.value.code == "file_refused"
    assert refused.value.detail == "Row 2 has a formula under min: send the value that it computes."


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "header row"),
    "only blank lines": (b"\n\n,,,\n", "header row"),
    "only a header": (table(), "a row or more"),
    "not UTF-8": ("Führung".encode("latin-1"), "UTF-8"),
    "UTF-16": (table(GOOD).decode().encode("utf-16"), "UTF-8"),
    "an unknown column": (table(head=HEAD + ",colour"), "'colour' is no column"),
    "a column twice": (table(head=HEAD + ",Zone"), "column zone is there twice"),
    "a missing column": (table(head=HEAD.replace("zone,", "")), "add the column zone".capitalize()),
    "more cells than columns": (table(GOOD + ",more"), "Row 2 has more cells"),
    "an open quote": (table('"Lead'), "look at its quotes"),
    "a NUL": (table(GOOD.replace("Lead", "Le\0ad")), "NUL"),
    "a long cell": (table(GOOD.replace("Lead", "L" * 5000)), "5005 characters under programme"),
    "too many rows": (table(*[GOOD] * (MOST_ROWS + 1)), "at most 500 rows"),
    "too many empty rows": (table(*[""] * (MOST_ROWS + 2)), "at most 500 rows"),
    "too many columns": (table("," * 50), "at most 40 columns"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_such_table_is_refused_with_the_next_step(name: str) -> None:
    raw, told = BAD_FILES[name]
    with pytest.raises(RefusedRequest) as refused:
        lines(raw)
    assert (refused.value.code, refused.value.field) == ("file_refused", "body")
    assert told in refused.value.detail
    assert refused.value.detail.endswith(".")


def test_an_entity_that_names_a_file_is_not_read() -> None:
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'
    assert openpyxl.DEFUSEDXML
    with pytest.raises(RefusedRequest):
        lines(repacked(workbook(HEAD.split(",")), {"xl/sharedStrings.xml": outside.encode()}), XLSX)


def test_the_sheet_that_is_shown_is_read() -> None:
    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    notes.append(["these are notes"])
    shown = book.create_sheet("pods")
    shown.append(HEAD.split(","))
    shown.append(GOOD.split(","))
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    assert len(lines(out.getvalue(), XLSX)) == 1


def test_what_excel_writes_for_a_carriage_return_is_one() -> None:
    [line] = lines(
        workbook(
            HEAD.split(","),
            [*GOOD.split(",")[:7], "Pat <pat@example.test>;_x000D_\nSam <s@x.test>"],
        ),
        XLSX,
    )
    assert "_x000D_" not in line.text("participants")
    assert not pod_import_rows.read(line).red


@pytest.mark.parametrize("value", ["#N/A", "#REF!", "#DIV/0!", "#NAME?"])
@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_what_could_not_be_computed_makes_its_row_red(kind: str, value: str) -> None:
    cells = [value, *GOOD.split(",")[1:]]
    raw = workbook(HEAD.split(","), cells) if kind == XLSX else table(",".join(cells))
    [line] = lines(raw, kind)
    assert reds(pod_import_rows.read(line)) == [("no_value", "programme")]
