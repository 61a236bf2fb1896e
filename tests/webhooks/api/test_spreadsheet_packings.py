"""A workbook that is packed in another way than spreadsheets are: zipfile would unpack it without
a bound.
"""

import zipfile
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from tests.support.spreadsheets import (
    GOOD,
    HEAD,
    SHEET,
    Content,
    blanks,
    lines,
    refused_unopened,
    repacked,
    workbook,
)
from webhooks.api.spreadsheets import XLSX

LARGE = 50_000_000


def packed(method: int, change: Mapping[str, Content] = MappingProxyType({})) -> bytes:
    return repacked(workbook(HEAD.split(","), GOOD.split(",")), change, method)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_of_another_kind_is_never_unpacked(method: int) -> None:
    raw = packed(method, {SHEET: blanks(LARGE)})
    assert len(raw) < 20_000
    refused = refused_unopened(raw, 10_000_000)
    assert refused.code == "file_refused"
    assert "save it anew" in refused.detail


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_workbook_packed_as_spreadsheets_are_is_read(method: int) -> None:
    assert len(lines(packed(method), XLSX)) == 1
