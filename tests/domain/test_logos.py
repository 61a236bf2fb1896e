"""A logo is a picture that every browser shows: its pixels are there, all of them, and no more."""

from zlib import compress

import pytest

from domain import logos
from domain.errors import Invalid
from tests.domain.pictures import END, Chunk, header, rows, written

PALETTE: Chunk = (b"PLTE", b"\0\0\0\xff\xff\xff")


def pixels(raw: bytes) -> Chunk:
    return b"IDAT", compress(raw)


def cut(chunk: Chunk, pieces: int) -> list[Chunk]:
    kind, content = chunk
    step = len(content) // pieces + 1
    return [(kind, content[at : at + step]) for at in range(0, len(content), step)]


DAMAGED = {
    "no zlib": (header(1, 1), (b"IDAT", b"<script>alert(1)</script>"), END),
    "nothing": (header(1, 1), (b"IDAT", b""), END),
    "a row too few": (header(3, 2), rows(3, 1), END),
    "a row too many": (header(3, 2), rows(3, 3), END),
    "a byte too many": (header(1, 1), pixels(b"\0" * 6), END),
    "a bomb": (header(1, 1), pixels(b"\0" * 10_000_000), END),
    "cut short": (header(3, 2), (b"IDAT", rows(3, 2)[1][:-1]), END),
    "a wrong sum": (header(3, 2), (b"IDAT", rows(3, 2)[1][:-1] + b"!"), END),
    "something behind its pixels": (header(3, 2), (b"IDAT", rows(3, 2)[1] + b"<script>"), END),
    "a filter that is none": (header(1, 1), pixels(b"\5\0\0\0\0"), END),
    "no palette": (header(1, 1, 8, 3, 0, 0, 0), pixels(b"\0\0"), END),
    "a palette that is none": (header(1, 1, 8, 3, 0, 0, 0), (b"PLTE", b"12"), pixels(b"\0\0"), END),
    "two palettes": (header(1, 1, 8, 3, 0, 0, 0), PALETTE, PALETTE, pixels(b"\0\0"), END),
    "a late palette": (header(1, 1, 8, 3, 0, 0, 0), pixels(b"\0\0"), PALETTE, END),
    "a palette of grey": (header(1, 1, 8, 0, 0, 0, 0), PALETTE, pixels(b"\0\0"), END),
    "an interlaced row too few": (header(2, 1, 8, 6, 0, 0, 1), pixels(b"\0" * 5), END),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_picture_that_no_browser_shows_is_refused(what: str) -> None:
    with pytest.raises(Invalid, match="damaged"):
        logos.picture(written(*DAMAGED[what]))


WHOLE = {
    "in many pieces": (header(30, 20), *cut(rows(30, 20), 7), END),
    "of a bit each": (header(9, 2, 1, 0, 0, 0, 0), pixels(b"\0\xff\x80" * 2), END),
    "of 16 bits": (header(2, 1, 16, 6, 0, 0, 0), pixels(b"\0" + b"\1" * 16), END),
    "with a palette": (header(9, 1, 2, 3, 0, 0, 0), PALETTE, pixels(b"\4\0\0\0"), END),
    "with a palette to choose from": (header(1, 1), PALETTE, rows(1, 1), END),
    "interlaced": (header(2, 1, 8, 6, 0, 0, 1), pixels(b"\0" * 5 + b"\1" * 5), END),
    "interlaced, in all its passes": (
        header(8, 8, 8, 0, 0, 0, 1),
        pixels(b"\0\1" * 2 + b"\0\1\1" + b"\0\1\1" * 2 + (b"\0" + b"\1" * 4) * 2
               + (b"\0" + b"\1" * 4) * 4 + (b"\0" + b"\1" * 8) * 4),
        END,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WHOLE)
def test_every_kind_of_picture_is_taken_as_it_is(what: str) -> None:
    raw = written(*WHOLE[what])
    assert logos.picture(raw).content == raw
