"""Tables as files that a spreadsheet program opens.

Nothing in a cell is taken for a formula by it: `sheet_marks.harmless`.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from domain.mail.safety import one_line
from webhooks.api.sheet_marks import harmless
from webhooks.api.spreadsheets import CSV, XLSX

Cell = str | int


def _written(rows: Iterable[Sequence[Cell]]) -> Iterable[list[Cell]]:
    for row in rows:
        yield [_cell(value) for value in row]


def _cell(value: Cell) -> Cell:
    if isinstance(value, str):
        return harmless(one_line(value, longest=len(value) + 1))
    return value


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(_written(rows))
    # With its mark: without, Excel takes UTF-8 for something older.
    return _file(out.getvalue().encode("utf-8-sig"), CSV, f"{name}.csv")


def xlsx_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Pods")
    for row in _written(rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return _file(out.getvalue(), XLSX, f"{name}.xlsx")


def _file(raw: bytes, kind: str, name: str) -> Response:
    response = Response(raw, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
