"""Uploaded workbooks that are broken, lie about their size or would burst: refused, and never
unpacked.
"""

import io
import zipfile
from collections.abc import Callable

import pytest

from tests.support.spreadsheets import (
    ENTITIES,
    GOOD,
    HEAD,
    SHEET,
    a_bomb,
    blanks,
    lines,
    refused_unopened,
    repacked,
    workbook,
)
from webhooks.api.spreadsheets import XLSX
from webhooks.http.problems import RefusedRequest

STYLES = "xl/styles.xml"
BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "no zip": lambda _: b"PK\x03\x04 not a zip",
    "half of one": lambda good: good[: len(good) // 2],
    "a zip of something else": lambda _: _zip({"hello.txt": b"x"}),
    "unpacks to 20 MB": lambda good: repacked(good, {SHEET: blanks(20_000_000)}),
    "a million styles": lambda good: repacked(good, {"xl/styles.xml": b"<xf/>" * 1_000_000}),
    "a million sound styles": lambda good: repacked(good, {STYLES: _more_styles(good)}),
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


def _more_styles(good: bytes) -> bytes:
    """Those of the workbook, and far more: each of them would be an object."""
    with zipfile.ZipFile(io.BytesIO(good)) as packed:
        styles = packed.read(STYLES)
    return styles.replace(b"</cellXfs>", b"<xf/>" * 1_000_000 + b"</cellXfs>")


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
    assert refused_unopened(raw, 24_000_000).code == "file_refused"


def test_a_workbook_that_lies_about_its_size_is_read_as_far_as_it_goes() -> None:
    good = workbook(HEAD.split(","), GOOD.split(","))
    with zipfile.ZipFile(io.BytesIO(good)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    lying = sheet.replace(b'<dimension ref="A1:H2"', b'<dimension ref="A1:XFD1048576"')
    assert lying != sheet
    assert len(lines(repacked(good, {"xl/worksheets/sheet1.xml": lying}), XLSX)) == 1
