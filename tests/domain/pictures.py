"""Logos for the tests: PNGs written by hand, chunk by chunk."""

import struct
from zlib import compress, crc32

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Chunk = tuple[bytes, bytes]


def header(width: int = 1, height: int = 1, *rest: int) -> Chunk:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, *(rest or (8, 6, 0, 0, 0)))


END: Chunk = (b"IEND", b"")


def rows(width: int, height: int) -> Chunk:
    """Red, of four channels."""
    return b"IDAT", compress((b"\0" + b"\xd0\x20\x20\xff" * width) * height)


def chunk(kind: bytes, content: bytes) -> bytes:
    total = crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", total)


def written(*chunks: Chunk) -> bytes:
    return SIGNATURE + b"".join(chunk(*each) for each in chunks)


def png(width: int, height: int, *more: Chunk) -> bytes:
    return written(header(width, height), *more, rows(width, height), END)


PIXEL = png(1, 1)
