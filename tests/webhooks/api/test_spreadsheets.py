"""Uploaded tables: what a spreadsheet program writes is read; what could harm us is refused, with
the next step.
"""

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from domain.sessions import Context, Participant
from storage.transactions.pod_import_entries import Placed, PodEntry
from tests.support import people
from webhooks.api import pod_import_rows, spreadsheets
from webhooks.api.pod_import_rows import COLUMNS, REQUIRED, ImportRow
from webhooks.api.spreadsheets import CSV, MOST_ROWS, XLSX, SheetLine
from webhooks.http.problems import RefusedRequest

HEAD = "programme,coach,date,time,zone,min,max,participants"
GOOD = "Lead Well,ada,2026-06-02,13:00,Europe/London,1,4,Pat Doe <pat@example.test>"


def workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(raw: bytes, change: dict[str, bytes]) -> bytes:
    """The workbook with these parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change.pop(name, old.read(name)))
        for name, content in change.items():
            new.writestr(name, content)
    return out.getvalue()


def lines(raw: bytes, kind: str = CSV) -> list[SheetLine]:
    return spreadsheets.read(raw, kind, COLUMNS, REQUIRED)


def table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *rows)).encode()


def row(**cells: str) -> ImportRow:
    """What is found out about the good row with these cells instead."""
    return pod_import_rows.read(
        SheetLine(2, dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | cells)
    )


def reds(found: ImportRow) -> list[tuple[str, str | None]]:
    return [(remark.code, remark.column) for remark in found.red]


def yellows(found: ImportRow) -> list[tuple[str, str | None]]:
    return [(remark.code, remark.column) for remark in found.yellow]


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


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
)
BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "no zip": lambda _: b"PK\x03\x04 not a zip",
    "half of one": lambda good: good[: len(good) // 2],
    "a zip of something else": lambda _: _zip({"hello.txt": b"x"}),
    "unpacks to 20 MB": lambda good: repacked(good, {SHEET: b" " * 20_000_000}),
    "a million styles": lambda good: repacked(good, {"xl/styles.xml": b"<xf/>" * 1_000_000}),
    "a thousand parts": lambda good: repacked(
        good, {f"xl/media/{number}": b"x" for number in range(1000)}
    ),
    "entities": lambda good: repacked(good, {SHEET: ENTITIES.encode()}),
    "entities in UTF-16": lambda good: repacked(good, {SHEET: ENTITIES.encode("utf-16")}),
    "broken XML": lambda good: repacked(good, {SHEET: b"<worksheet><sheetData><row><c r='A1'"}),
    "no sheet": lambda good: repacked(good, {"xl/workbook.xml": b"<workbook/>"}),
    "a million columns": lambda good: repacked(
        good, {SHEET: _sheet('<c r="XFD1" t="inlineStr"><is><t>x</t></is></c>')}
    ),
    "a huge cell": lambda good: repacked(good, {SHEET: _sheet(_cell("x" * 1_000_000))}),
}


def lying(raw: bytes, part: str) -> bytes:
    """The workbook with a directory that tells a size of 100 bytes for this part, wherever it says
    so.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        true = packed.getinfo(part).file_size.to_bytes(4, "little")
    return raw.replace(true, (100).to_bytes(4, "little"))


def a_bomb() -> bytes:
    """256 MB of blanks in a quarter of a megabyte."""
    return repacked(workbook(HEAD.split(","), GOOD.split(",")), {SHEET: b" " * 256_000_000})


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def _sheet(*cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = "".join(f"<row>{cell}</row>" for cell in ("".join(map(_cell, HEAD.split(","))), *cells))
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_is_broken_or_would_burst_is_refused(name: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        lines(BOMBS[name](workbook(HEAD.split(","), GOOD.split(","))), XLSX)
    assert refused.value.code == "file_refused"
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb_is_never_unpacked_whatever_its_directory_says(honest: bool) -> None:
    raw = a_bomb() if honest else lying(a_bomb(), SHEET)
    assert len(raw) < 300_000
    tracemalloc.start()
    try:
        with pytest.raises(RefusedRequest) as refused:
            lines(raw, XLSX)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "file_refused"
    assert most < 24_000_000, f"{most / 1e6:.0f} MB"


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


def test_a_workbook_that_lies_about_its_size_is_read_as_far_as_it_goes() -> None:
    good = workbook(HEAD.split(","), GOOD.split(","))
    with zipfile.ZipFile(io.BytesIO(good)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    lying = sheet.replace(b'<dimension ref="A1:H2"', b'<dimension ref="A1:XFD1048576"')
    assert lying != sheet
    assert len(lines(repacked(good, {"xl/worksheets/sheet1.xml": lying}), XLSX)) == 1


def test_a_good_row_is_green_and_means_what_it_says() -> None:
    found = row(
        cohort="c-1",
        company="acme",
        title="Kick-off",
        format="hybrid",
        duration="60",
        language="de",
    )
    assert found.verdict == "green"
    assert found.entry == PodEntry(
        coach="ada",
        start=people.at(2, 12),
        duration=60,
        min_seats=1,
        capacity=4,
        format="hybrid",
        title="Kick-off",
        context=Context("acme", None, "c-1", "Lead Well"),
        participants=(
            Participant("pat@example.test", "Pat Doe", "pat@example.test", "Europe/London", "de"),
        ),
    )


def test_a_participants_id_is_the_mail_address_in_small_letters() -> None:
    entry = row(participants='"Doe, Pat" <Pat@Example.TEST>').entry
    assert entry is not None
    assert [(each.id, each.name, each.email) for each in entry.participants] == [
        ("pat@example.test", "Doe, Pat", "Pat@example.test")
    ]


@pytest.mark.parametrize(
    ("cells", "flaw"),
    [
        ({"coach": ""}, ("missing", "coach")),
        ({"programme": ""}, ("missing", "programme")),
        ({"date": "06/02/2026"}, ("invalid_date", "date")),
        ({"date": "2026-02-30"}, ("invalid_date", "date")),
        ({"date": "0001-01-01"}, ("invalid_date", "date")),
        ({"date": ""}, ("invalid_date", "date")),
        ({"time": "1 pm"}, ("invalid_time", "time")),
        ({"time": "24:00"}, ("invalid_time", "time")),
        ({"time": "13:00:30"}, ("invalid_time", "time")),
        ({"time": "١٣:٠٠"}, ("invalid_time", "time")),
        ({"zone": "Mars/Base"}, ("unknown_zone", "zone")),
        ({"zone": ""}, ("unknown_zone", "zone")),
        ({"min": "0"}, ("out_of_range", "min")),
        ({"max": "²"}, ("out_of_range", "max")),
        ({"max": "9" * 400}, ("out_of_range", "max")),
        ({"min": "5"}, ("min_over_max", "min")),
        ({"duration": "hour"}, ("out_of_range", "duration")),
        ({"format": "shut"}, ("unknown_word", "format")),
        ({"programme": "x" * 301}, ("too_many", "programme")),
        ({"cohort": "x" * 129}, ("invalid_id", "cohort")),
        ({"cohort": "Spring 2026"}, ("invalid_id", "cohort")),
        ({"language": "German"}, ("invalid_value", "language")),
        ({"participants": "Pat Doe"}, ("not_an_address", "participants")),
        ({"participants": "Pat <pat@x.test> x"}, ("not_a_mailbox", "participants")),
        (
            {"participants": "Pat <pat@x.test>; P <PAT@x.test>"},
            ("duplicate_participant", "participants"),
        ),
        (
            {"min": "1", "max": "1", "participants": "A <a@x.test>; B <b@x.test>"},
            ("seats_full", "max"),
        ),
        (
            {"zone": "Europe/Berlin", "date": "2026-03-29", "time": "02:30"},
            ("no_such_time", "time"),
        ),
    ],
)
def test_what_is_wrong_makes_a_row_red(cells: dict[str, str], flaw: tuple[str, str]) -> None:
    found = row(**cells)
    assert (found.verdict, reds(found), found.entry) == ("red", [flaw], None)
    assert found.red[0].detail.endswith(".")


def test_every_flaw_of_a_row_is_told_at_once() -> None:
    assert reds(row(coach="", date="x", time="y", zone="z", min="0", participants="Pat")) == [
        ("missing", "coach"),
        ("invalid_date", "date"),
        ("invalid_time", "time"),
        ("unknown_zone", "zone"),
        ("out_of_range", "min"),
        ("not_an_address", "participants"),
    ]


def test_a_time_that_the_clock_shows_twice_is_taken_the_first_time_and_doubted() -> None:
    found = row(zone="Europe/Berlin", date="2026-10-25", time="02:30")
    assert (found.verdict, yellows(found)) == ("yellow", [("time_twice", "time")])
    assert found.entry is not None
    assert found.entry.start == datetime.fromisoformat("2026-10-25T00:30:00Z").timestamp()


def test_a_participant_without_a_name_is_doubted() -> None:
    found = row(participants="pat@example.test")
    assert (found.verdict, yellows(found)) == ("yellow", [("name_missing", "participants")])


@pytest.mark.parametrize(
    ("cells", "doubted"),
    [
        ({"min": "2"}, True),
        ({"participants": ""}, False),
        ({"participants": "", "format": "hybrid_v2"}, False),
        ({"participants": "", "format": "closed"}, True),
        ({"participants": "", "format": "hybrid"}, True),
    ],
)
def test_fewer_participants_than_needed_are_doubted_unless_they_choose_by_themselves(
    cells: dict[str, str], doubted: bool
) -> None:
    found = row(**cells)
    assert yellows(found) == [("below_min", "participants")] * doubted
    assert found.entry is not None


def test_a_german_date_is_read() -> None:
    assert row(date="2.6.2026").entry == row().entry is not None


def test_whoever_is_in_two_overlapping_rows_is_doubted_in_the_second() -> None:
    rows = [row(time=clock) for clock in ("13:00", "14:00", "14:30")]
    for found, starts in zip(
        rows, (people.at(2, 12), people.at(2, 13), people.at(2, 13, 30)), strict=True
    ):
        found.pod = Placed("ses_1", starts, starts + 3600)
    pod_import_rows.doubt_people_in_two_places(rows)
    assert [yellows(found) for found in rows] == [
        [],
        [],
        [("participant_in_two_pods", "participants")],
    ]
