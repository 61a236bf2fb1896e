"""Is this push from Cronofy? base64(HMAC-SHA256(client secret, raw body)), compared in constant
time.

Quirks: while secrets rotate the header holds one value per secret, joined by commas; there is no
timestamp and no nonce, so a replay passes, and must be harmless. Source: docs.cronofy.com, Push
notifications > Authentication.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence

HEADER = "Cronofy-HMAC-SHA256"
# Cronofy sends two while a secret is rotated; each one more costs us a comparison.
MAX_VALUES = 8
# Eight values of 44 characters, with room for spaces.
_MAX_HEADER = 1024


def valid(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether any of the header's values is the digest of the raw body under any secret held.

    Never raises, whatever the header holds. More than eight values are refused unread: each costs a
    comparison. An empty secret is skipped: anybody can sign with it.
    """
    given = _values(header)
    wanted = [_digest(raw, secret) for secret in secrets if secret]
    matched = 0
    # No early way out: the time taken must not tell which pair came close.
    for value in given:
        for digest in wanted:
            matched |= hmac.compare_digest(value, digest)
    return bool(matched)


def sign(raw: bytes, secrets: Sequence[str]) -> str:
    """The header that Cronofy would send for this body:
    one value per secret, joined by a comma alone.
    """
    return ",".join(_digest(raw, secret).decode("ascii") for secret in secrets)


def _values(header: str | None) -> list[bytes]:
    """The header's values as bytes; none when it is missing or longer than Cronofy's can be."""
    if not header or len(header) > _MAX_HEADER or header.count(",") >= MAX_VALUES:
        return []
    # compare_digest raises on text beyond ASCII; a character that has no byte becomes "?", which
    # base64 has not.
    values = header.encode("latin-1", "replace").split(b",")
    # Cronofy writes no space behind the comma, but a proxy that joins headers does.
    return [value.strip(b" \t") for value in values]


def _digest(raw: bytes, secret: str) -> bytes:
    # Not hmac.digest, which lets other threads run meanwhile: what takes 1 us came back after a
    # turn of theirs.
    return b64encode(hmac.new(secret.encode("utf-8", "surrogatepass"), raw, "sha256").digest())
