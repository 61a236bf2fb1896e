"""A logo as it may be shown to people: a PNG, small enough, and of its parts only those that make
the picture.

It is never unpacked here: its frame is read once, chunk by chunk (PNG specification, 5). An SVG is
none: it can run scripts. What cameras and programs write beside a picture, such as places and
names, is left out, and so is what would move.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

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
    width, height = _size(chunks[0][1][_HEAD:-_TAIL])
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
        if end > len(raw) or crc32(chunk[4:-_TAIL]) != int.from_bytes(chunk[-_TAIL:], "big"):
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


def _refused(detail: str) -> Invalid:
    return Invalid("body", "logo_refused", detail)
