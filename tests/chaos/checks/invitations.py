"""A mail as a mail program reads it: Message-ID, and the lines of its calendar part. Only the
standard library.
"""

from dataclasses import dataclass
from email import message_from_bytes
from functools import lru_cache

from tests.chaos.evidence import Letter


@dataclass(frozen=True, slots=True)
class Read:
    """What counts in a letter. Without a calendar part `method` and `uid` are empty and `sequence`
    is -1.
    """

    letter: Letter
    digest: str
    """The left side of its Message-ID."""
    method: str = ""
    uid: str = ""
    sequence: int = -1
    start: str = ""
    words: str = ""
    """As text."""


@lru_cache(maxsize=20_000)
def read(letter: Letter) -> Read:
    """Several checks read all letters of a run, and parsing is most of their work."""
    message = message_from_bytes(letter.content)
    digest = str(message["Message-ID"] or "").strip().strip("<>").partition("@")[0]
    words = ""
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(content, bytes):
            words += content.decode()
        if part.get_content_type() == "text/calendar":
            assert isinstance(content, bytes)
            found = properties(content.decode())
            return Read(
                letter,
                digest,
                found.get("METHOD", ""),
                found.get("UID", ""),
                int(found.get("SEQUENCE", "0")),
                found.get("DTSTART", ""),
                words,
            )
    return Read(letter, digest, words=words)


def properties(text: str) -> dict[str, str]:
    """The properties of an iCalendar text with one event, by name; of a name given twice, the last.
    A line that begins with a blank goes on with the one before (RFC 5545, 3.1).
    """
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += line[1:]
        else:
            lines.append(line)
    found = {}
    for line in lines:
        name, _, value = line.partition(":")
        found[name.partition(";")[0].upper()] = value
    return found
