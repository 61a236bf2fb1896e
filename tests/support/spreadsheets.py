"""Tables as spreadsheet programs write them, and as nobody should."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import openpyxl
import pytest

from webhooks.api import pod_import_rows, spreadsheets
from webhooks.api.pod_import_verdicts import ImportRow
from webhooks.api.sheet_columns import Columns
from webhooks.api.spreadsheets import CSV, XLSX, SheetLine
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


Content = bytes | Iterable[bytes]
"""Of a part of a workbook, whole or in pieces."""


def repacked(
    raw: bytes, change: Mapping[str, Content], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """The workbook with these parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(out, "w", method) as new,
    ):
        for name in old.namelist():
            if name not in change:
                new.writestr(name, old.read(name))
        for name, content in change.items():
            _pack(new, name, content)
    return out.getvalue()


def _pack(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    pieces = [content] if isinstance(content, bytes) else content
    with archive.open(name, "w") as part:
        for piece in pieces:
            part.write(piece)


def lines(raw: bytes, kind: str = CSV) -> list[SheetLine]:
    return spreadsheets.read(raw, kind, Columns())


def table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *rows)).encode()


def row(**cells: str) -> ImportRow:
    """What is found out about the good row with these cells instead."""
    return pod_import_rows.read(
        SheetLine(2, dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | cells)
    )


def reds(found: ImportRow) -> list[tuple[str, str | None]]:
    return [(remark.code, remark.column) for remark in found.red]


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
)


def a_bomb() -> bytes:
    """256 MB of blanks in a quarter of a megabyte."""
    return repacked(workbook(HEAD.split(","), GOOD.split(",")), {SHEET: blanks(256_000_000)})


def blanks(size: int) -> Iterator[bytes]:
    """So many bytes, a million at a time: whole, they would be as large in a tester's memory."""
    return repeat(b" " * 1_000_000, size // 1_000_000)


def refused_unopened(raw: bytes, most: int) -> RefusedRequest:
    """How this workbook is refused, by an import that takes less than `most` bytes for it."""
    tracemalloc.start()
    try:
        with pytest.raises(RefusedRequest) as refused:
            lines(raw, XLSX)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak / 1e6:.0f} MB"
    return refused.value
