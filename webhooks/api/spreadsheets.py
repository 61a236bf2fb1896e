"""Spreadsheets as they are uploaded, CSV or XLSX, as lines of text by column; what could harm us is
refused unread.

Nothing in a file is evaluated. An XLSX is a zip of XML: it is unpacked up to a cap, whatever its
directory says of its size, a document type (the way to make XML explode) is refused, and only the
sheet that is shown is read, row by row.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from webhooks.api.sheet_columns import Columns, refused
from webhooks.api.sheet_headings import OF_PEOPLE
from webhooks.api.sheet_marks import as_typed
from webhooks.http.problems import RefusedRequest

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = (CSV, XLSX)
MOST_ROWS = 500
MOST_COLUMNS = 40
MOST_CHARACTERS = 4_000  # of a cell
MOST_OF_PEOPLE = 30_000  # of one that names people: a pod of 200 seats fits, as it is exported
MOST_UNPACKED = 8 * 1024 * 1024
MOST_TAGS = 100_000  # each becomes an object; a full table has half as many
MOST_PARTS = 200
# Those of an XLSX (ISO/IEC 29500-2). zipfile bounds what it unpacks of these alone.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LONGEST_HEAD = 10_000  # characters: each may be a delimiter
DELIMITERS = ",;\t"  # Excel writes the second one wherever a comma is for decimals
DOCTYPE = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
TOO_LARGE = "This workbook is too large: send its table alone, as CSV or as a new workbook."
UNUSUAL = "This workbook is packed as no spreadsheet is: save it anew, or as CSV UTF-8."
CHUNK = 64 * 1024
# What a spreadsheet shows where nothing was computed.
NO_VALUES = {
    *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"),
    *("#FIELD!", "#GETTING_DATA", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"),
}
EXCEL_EPOCH = date(1899, 12, 30)  # the date of a cell that holds but a time


class Formula(str):
    """What a cell would compute. It is nobody's value until it is computed, and here nothing is."""

    __slots__ = ()


class NoValue(str):
    """What a spreadsheet shows where it could not compute: `#N/A`, `#REF!`. It is no text that
    anybody meant.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A row under the header: its number as a spreadsheet shows it, and its cells by their column's
    name.
    """

    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "")


def read(raw: bytes, kind: str, columns: Columns) -> list[SheetLine]:
    """The lines of a file of this media type. Raises Refused, with the next step, for what is no
    such table.
    """
    names: list[str] = []
    lines: list[SheetLine] = []
    for number, row in enumerate(_rows(raw, kind, columns), start=1):
        if not any(row):
            continue
        if names:
            lines.append(_line(number, names, row))
        else:
            names = columns.names(row)
    if not names:
        raise refused("Send a table with a header row: this file is empty.")
    if not lines:
        raise refused("Send a row or more below the header: there is none.")
    return lines


def _rows(raw: bytes, kind: str, columns: Columns) -> list[list[str]]:
    """All rows, empty ones too."""
    read_rows = _csv(raw, columns)
    if kind == XLSX:
        read_rows = _xlsx(raw)
    # The header, and one more than may be sent: whatever follows is not even read.
    rows = list(islice(read_rows, MOST_ROWS + 2))
    if len(rows) > MOST_ROWS + 1:
        raise refused(f"Send at most {MOST_ROWS} rows at once, empty ones too: split the file.")
    return rows


def _line(number: int, names: Sequence[str], row: Sequence[str]) -> SheetLine:
    cells = list(zip(names, row, strict=False))
    unnamed = any(text and not name for name, text in cells)
    if unnamed or any(row[len(names) :]):
        raise refused(
            f"Row {number} has more cells than the header names: put text with commas in quotes."
        )
    line = SheetLine(number, {})
    for name, text in cells:
        _check_cell(number, name, text)
        if name:
            line.cells[name] = as_typed(text)
    return line


def _check_cell(number: int, name: str, text: str) -> None:
    if isinstance(text, Formula):
        raise refused(f"Row {number} has a formula under {name}: send the value that it computes.")
    if "\0" in text:
        raise refused(f"Row {number} has a NUL character under {name}: take it out.")
    most = MOST_CHARACTERS
    if name in OF_PEOPLE:
        most = MOST_OF_PEOPLE
    if len(text) > most:
        raise refused(f"Row {number} has {len(text)} characters under {name}: send at most {most}.")


def _csv(raw: bytes, columns: Columns) -> Iterator[list[str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused("Save the file as UTF-8 (in Excel: CSV UTF-8), or send the XLSX.") from None
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True
    )
    try:
        for row in reader:
            yield list(map(_typed, _few(row)))
    except csv.Error as error:
        raise refused(
            f"Line {reader.line_num} cannot be read ({error}): look at its quotes."
        ) from None


def _delimiter(text: str, columns: Columns) -> str:
    """The one that the header names most columns with; the first of several."""
    head = text.split("\n", 1)[0][:LONGEST_HEAD]

    def columns_named(mark: str) -> int:
        return sum(columns.name(name) is not None for name in head.split(mark))

    return max(DELIMITERS, key=columns_named)


def _typed(written: str) -> str:
    cell = written.strip()
    if cell.startswith("="):
        return Formula(cell)
    if cell.upper() in NO_VALUES:
        return NoValue(cell)
    return cell


def _few(row: Sequence[Any]) -> Sequence[Any]:
    if len(row) > MOST_COLUMNS:
        raise refused(f"Send at most {MOST_COLUMNS} columns.")
    return row


def _xlsx(raw: bytes) -> Iterator[list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(_unpacked(raw), read_only=True, keep_links=False)
        sheet = _shown(book)
        sheet.reset_dimensions()  # a file may claim a million rows, or one
        for row in sheet.iter_rows():
            yield _cells(row)
    except RefusedRequest:
        raise
    except Exception as error:  # a damaged file makes openpyxl raise whatever its XML led it to
        raise refused("This is no XLSX that can be read: save it anew, or as CSV UTF-8.") from error


def _unpacked(raw: bytes) -> io.BytesIO:
    """The same parts in an archive that is not packed. Raises Refused for one that would burst, or
    that hides XML.

    openpyxl gets this one: a packed part whose directory tells a small size is unpacked whole by
    zipfile, whatever follows is thrown away only afterwards.
    """
    stored = io.BytesIO()
    room, tags = MOST_UNPACKED, 0
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(stored, "w") as plain:
        if len(packed.infolist()) > MOST_PARTS:
            raise refused(TOO_LARGE)
        for part in packed.infolist():
            content = _part(packed, part, room)
            room -= len(content)
            tags += content.count(b"<")
            if tags > MOST_TAGS:
                raise refused(TOO_LARGE)
            if any(mark in content for mark in DOCTYPE):
                raise refused("Send a workbook whose XML has no document type.")
            plain.writestr(part.filename, content)
    return stored


def _part(packed: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> bytes:
    """One part, in chunks: of a chunk that is asked for no more than that is ever unpacked."""
    if part.compress_type not in PACKINGS:
        # 64 kB of bzip2 would be a gigabyte at the first read, whatever it asks for.
        raise refused(UNUSUAL)
    content = bytearray()
    with packed.open(part) as opened:
        while chunk := opened.read(CHUNK):
            content += chunk
            if len(content) > room:
                raise refused(TOO_LARGE)
    return bytes(content)


def _shown(book: Any) -> Any:
    """The sheet that whoever opens the workbook sees; of one that shows a chart, the first that is
    not hidden.
    """
    if book.active in book.worksheets:
        return book.active
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            return sheet
    return book.worksheets[0]


def _cells(row: Iterable[Any]) -> list[str]:
    return list(map(_cell, _few(tuple(row))))


def _cell(cell: Any) -> str:
    if cell.data_type == "f":
        return Formula(cell.value)
    if cell.data_type == "e":
        return NoValue(cell.value)
    return _cell_text(cell.value)


def _cell_text(value: object) -> str:
    """A cell's value as one would have typed it into a CSV."""
    from openpyxl.utils.escape import unescape

    match value:
        case None:
            return ""
        case datetime():
            return _moment(value)
        case timedelta():
            return _moment(datetime.combine(EXCEL_EPOCH, time()) + value)
        case time():
            return f"{value:%H:%M:%S}".removesuffix(":00")
        case float() if value.is_integer():
            return str(int(value))
    # What XML cannot hold is written as _x000D_, by Excel itself.
    text: str = unescape(str(value))
    return text.strip()


def _moment(value: datetime) -> str:
    """A date alone, a time alone, or both: spreadsheets keep them all as one number."""
    value = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    clock = f"{value:%H:%M:%S}".removesuffix(":00")
    if value.date() <= date(1900, 1, 1):
        return clock
    if value.time() == time():
        return f"{value:%Y-%m-%d}"
    return f"{value:%Y-%m-%d} {clock}"
