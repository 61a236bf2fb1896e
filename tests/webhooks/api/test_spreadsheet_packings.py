"""A workbook that is packed in another way than spreadsheets are: zipfile would unpack it without
a bound.
"""

import io
import zipfile

import pytest

from tests.support.spreadsheets import GOOD, HEAD, SHEET, lines, refused_unopened, workbook
from webhooks.api.spreadsheets import XLSX

LARGE = 50_000_000


def packed(method: int, sheet: bytes | None = None) -> bytes:
    out = io.BytesIO()
    good = workbook(HEAD.split(","), GOOD.split(","))
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            content = old.read(name)
            if sheet is not None and name == SHEET:
                content = sheet
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_of_another_kind_is_never_unpacked(method: int) -> None:
    raw = packed(method, b" " * LARGE)
    assert len(raw) < 20_000
    refused = refused_unopened(raw, 10_000_000)
    assert refused.code == "file_refused"
    assert "save it anew" in refused.detail


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_workbook_packed_as_spreadsheets_are_is_read(method: int) -> None:
    assert len(lines(packed(method), XLSX)) == 1
