"""A logo as it may be shown to people: a PNG, small enough, and of its parts only those that make
the picture.

Its frame is read once, chunk by chunk (PNG specification, 5), and its rows are unpacked to be
counted, never further than its size says. An SVG is none: it can run scripts. What cameras and
programs write beside a picture, such as places and names, is left out, and so is what would move.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from domain.brands import Logo
from domain.errors import Invalid

LARGEST = 100_000
"""Bytes."""
WIDEST, HIGHEST = 1_000, 400
"""Pixels: unpacked, it takes no more than 3.2 MB of whoever looks at it."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND")
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits of a sample, by colour type."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel, by colour type."""
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
"""Of an interlaced picture: where each begins, and its steps, across and down (8.2)."""
LAST_FILTER = 4
PALETTED, GREY = 3, (0, 4)
_HEAD, _TAIL = 8, 4
DAMAGED = "Send a whole PNG: this file is damaged, or is none."


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo with what is served."""

    logo: Logo
    content: bytes = field(repr=False)


def picture(raw: bytes) -> Picture:
    """The logo in a file. Raises Invalid, with the next step, for what is no PNG, or too large."""
    if len(raw) > LARGEST:
        raise _refused(f"Send a file of at most {LARGEST} bytes: this one has {len(raw)}.")
    if not raw.startswith(SIGNATURE):
        raise _refused("Send a PNG: no other kind is shown, and an SVG could run scripts.")
    chunks = list(_chunks(raw))
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or b"IDAT" not in kinds:
        raise _refused(DAMAGED)
    if kinds.count(b"IHDR") > 1 or kinds.count(b"IEND") > 1:
        raise _refused(DAMAGED)
    header = chunks[0][1][_HEAD:-_TAIL]
    width, height = _size(header)
    _check_palette(header[9], chunks)
    _check_pixels(header, b"".join(_content(chunks, b"IDAT")))
    content = SIGNATURE + b"".join(chunk for kind, chunk in chunks if kind in KEPT)
    return Picture(Logo(sha256(content).hexdigest()[:32], width, height), content)


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, the whole chunk), each checked by its sum."""
    place = len(SIGNATURE)
    while place < len(raw):
        if len(raw) - place < _HEAD + _TAIL:
            raise _refused(DAMAGED)
        length, kind = struct.unpack_from(">I4s", raw, place)
        end = place + _HEAD + length + _TAIL
        chunk = raw[place:end]
        if end > len(raw) or zlib.crc32(chunk[4:-_TAIL]) != int.from_bytes(chunk[-_TAIL:], "big"):
            raise _refused(DAMAGED)
        if kind[:1].isupper() and kind not in CRITICAL:
            raise _refused("Save the picture anew as a plain PNG: this one has parts of its own.")
        yield kind, chunk
        place = end


def _size(header: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises Invalid for a picture that is too large, or cannot be."""
    if len(header) != 13:
        raise _refused(DAMAGED)
    width, height, depth, kind, packing, sieve, lacing = struct.unpack(">IIBBBBB", header)
    if depth not in DEPTHS.get(kind, ()) or (packing, sieve) != (0, 0) or lacing > 1:
        raise _refused(DAMAGED)
    if not (1 <= width <= WIDEST and 1 <= height <= HIGHEST):
        largest = f"at most {WIDEST} x {HIGHEST} pixels"
        raise _refused(f"Send a picture of {largest}: this one has {width} x {height}.")
    return width, height


def _content(chunks: Sequence[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [chunk[_HEAD:-_TAIL] for kind, chunk in chunks if kind == wanted]


def _check_palette(colour: int, chunks: Sequence[tuple[bytes, bytes]]) -> None:
    """Before the pixels, of whole colours, and where the colour type has one (11.2.3)."""
    palettes = _content(chunks, b"PLTE")
    if not palettes:
        if colour == PALETTED:
            raise _refused(DAMAGED)
        return
    kinds, _ = zip(*chunks, strict=True)
    colours, beside = divmod(len(palettes[0]), 3)
    is_late = kinds.index(b"PLTE") > kinds.index(b"IDAT")
    if len(palettes) > 1 or colour in GREY or is_late or beside or not 1 <= colours <= 256:
        raise _refused(DAMAGED)


def _check_pixels(header: bytes, packed: bytes) -> None:
    """As many rows as the header says, each by a filter that there is, and nothing behind them."""
    rows = _rows(*struct.unpack(">IIBBxxB", header))
    size = 0
    for count, length in rows:
        size += count * (1 + length)
    unpacking = zlib.decompressobj()
    try:
        # One more than there may be: a bomb goes no further than that.
        pixels = unpacking.decompress(packed, size + 1)
    except zlib.error:
        raise _refused(DAMAGED) from None
    if len(pixels) != size or not unpacking.eof or unpacking.unused_data:
        raise _refused(DAMAGED)
    place = 0
    for count, length in rows:
        end = place + count * (1 + length)
        if max(pixels[place : end : 1 + length]) > LAST_FILTER:
            raise _refused(DAMAGED)
        place = end


def _rows(width: int, height: int, depth: int, colour: int, lacing: int) -> list[tuple[int, int]]:
    """Of each pass that has any: how many there are, and the bytes of one without its filter."""
    passes: Sequence[tuple[int, int, int, int]] = PASSES
    if not lacing:
        passes = ((0, 0, 1, 1),)
    found = []
    for left, top, across, down in passes:
        pixels = (width - left + across - 1) // across
        count = (height - top + down - 1) // down
        if pixels > 0 and count > 0:
            found.append((count, (pixels * depth * CHANNELS[colour] + 7) // 8))
    return found


def _refused(detail: str) -> Invalid:
    return Invalid("body", "logo_refused", detail)
