"""A mail as the post box shows it: read from bytes that anybody may have written, broken and
hostile ones too.

The library's older reader takes the message apart: its newer one raises errors of several kinds on
bad headers.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

SHOWN = ("From", "To", "Date", "Subject", "Message-ID", "In-Reply-To")
_FOLD = re.compile(rb"\r?\n[ \t]")


@dataclass(frozen=True, slots=True)
class Letter:
    """`sender` and `recipients` are the envelope's; `headers` are those of SHOWN, as (name, value),
    decoded.

    `text`, `html` and `calendar` are the first part of their kind, or empty; so is whatever the
    mail does not say. `method`, `uid` and `sequence` are what the calendar says. `received_at` is
    aware UTC.
    """

    number: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    subject: str = ""
    message_id: str = ""
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    calendar: str = field(default="", repr=False)
    method: str = ""
    uid: str = ""
    sequence: int | None = None


def read(raw: bytes) -> dict[str, Any]:
    """What the message itself tells of a Letter, by field. Raises nothing: what cannot be read is
    left out.
    """
    try:
        return _read(message_from_bytes(raw))
    except Exception:  # noqa: BLE001 (parts nested a thousand deep, and whatever else the library stumbles over)
        return {}


def encodable(text: str) -> str:
    """Without the half characters that stand for bytes nobody could decode: a page cannot be
    written with them.
    """
    return text.encode("utf-8", "replace").decode()


def _read(message: Message) -> dict[str, Any]:
    headers = []
    for name in SHOWN:
        for value in message.get_all(name, []):
            header = name, _decoded(value)
            headers.append(header)
    first = dict(reversed(headers))  # of two with one name, the first
    calendar = _first(message, "text/calendar") or _first(message, "application/ics")
    return {
        "headers": tuple(headers),
        "subject": first.get("Subject", ""),
        "message_id": first.get("Message-ID", ""),
        "text": _first(message, "text/plain"),
        "html": _first(message, "text/html"),
        "calendar": calendar,
        "method": _property(calendar, "METHOD"),
        "uid": _property(calendar, "UID"),
        "sequence": _sequence(calendar),
    }


def _sequence(calendar: str) -> int | None:
    written = _property(calendar, "SEQUENCE")
    if not re.fullmatch("[0-9]{1,10}", written):
        return None
    return int(written)


def _decoded(value: Any) -> str:
    """A header's value in one line: a str, or a Header where it holds bytes beyond ASCII."""
    line = re.sub(r"\r?\n", "", str(value))
    try:
        return encodable(str(make_header(decode_header(line))))
    except (LookupError, ValueError, HeaderParseError):
        return encodable(line)  # an unknown character set, or broken base64


def _first(message: Message, kind: str) -> str:
    """The first part of a kind, as text; empty when there is none. A calendar comes unfolded (RFC
    5545 3.1).
    """
    for part in message.walk():
        attached = kind.startswith("text/") and part.get_content_disposition() == "attachment"
        if part.get_content_type() == kind and not part.is_multipart() and not attached:
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)  # noqa: S101 (that is what decode=True means, and this is a leaf)
            # In bytes: a fold may stand in the middle of a character.
            if kind not in ("text/plain", "text/html"):
                payload = _FOLD.sub(b"", payload)
            text = _text(payload, part.get_content_charset("utf-8"))
            return encodable(text).replace("\r\n", "\n")
    return ""


def _text(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, "replace")
    except (LookupError, ValueError):  # no such character set, or one that is none (idna, hex)
        return payload.decode("utf-8", "replace")


def _property(calendar: str, name: str) -> str:
    found = re.search(rf"^{name}(?:;[^:\n]*)?:(.*)$", calendar, re.MULTILINE | re.IGNORECASE)
    if found is None:
        return ""
    return found[1].strip()
