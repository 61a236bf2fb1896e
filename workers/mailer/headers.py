"""Header values, folded, as RFC 5322 and RFC 2047 say; ASCII, but for the letters of an address
(RFC 6532).

Written here, because the library's own writer cannot be trusted with people's names.

Python 3.11.7 decodes the encoded words of a value it is given and folds the result anew: a Subject
can become a second header, and a long name with a comma a second recipient. So the values are
finished here, and `VERBATIM` stores and writes them as they are.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from email.policy import EmailPolicy
from typing import Any

from domain.mail.invitations import Address

_FOLD = "\r\n "
_LINE = 66
"""Characters of a folded line, so that with the header's name it stays below 78."""
_WORD_BYTES = 39
"""Of UTF-8 in one encoded word, which makes 64 characters; RFC 2047 allows 75, and 76
in its line.
"""
_PLAIN = re.compile(r"[ -~]*", re.ASCII)
_QUOTABLE = re.compile(r"[A-Za-z0-9 !#$%&'()*+,./:;<=>?@\[\]^_`{|}~-]{1,300}", re.ASCII)
_SAFE = re.compile(r"[!-~]([ -~\xa1-\U0010ffff]|\r\n [!-~])*")
"""What is beyond ASCII has no control character; `message` says where it may stand at all."""


def text(value: str) -> str:
    """One line of anybody's text: as it is when that is plain, else as encoded words."""
    words = value.split(" ")
    # Plain text with `=?` in it would be decoded by its reader, into whatever somebody put there.
    if _PLAIN.fullmatch(value) and "=?" not in value and max(map(len, words)) <= _LINE:
        return _FOLD.join(_lines(words))
    return _encoded(value)


def mailbox(address: Address) -> str:
    """`"Ada" <ada@example.com>`, or the address alone.

    Plain names stay plain at any length: Python before 3.13 reads a name of several encoded words
    with spaces between.
    """
    if not address.name:
        return address.email
    name = _encoded(address.name)
    if _QUOTABLE.fullmatch(address.name) and "=?" not in address.name:
        name = f'"{address.name}"'
    # Folded before the address: a name of any length then leaves the line short enough.
    return f"{name}{_FOLD}<{address.email}>"


class Verbatim(EmailPolicy):
    """Values are finished when they come: nothing is parsed, decoded or folded.
    Raises ValueError for a raw break.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, str]:
        if not _SAFE.fullmatch(str(value)):
            raise ValueError(f"the header {name} holds a line break or a control character")
        return name, str(value)

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode()


VERBATIM = Verbatim(linesep="\r\n", max_line_length=78, utf8=True)


def _lines(words: list[str]) -> Iterator[str]:
    line = words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) > _LINE:
            yield line
            line = word
        else:
            line = f"{line} {word}"
    yield line


def _encoded(value: str) -> str:
    # Whole characters only: RFC 2047 section 5 forbids splitting one between two words.
    words, chunk = [], b""
    # A lone surrogate has no UTF-8, and would raise: it becomes a question mark.
    for char in value.encode("utf-8", "replace").decode():
        if len(chunk) + len(char.encode()) > _WORD_BYTES:
            words.append(_encoded_word(chunk))
            chunk = b""
        chunk += char.encode()
    words.append(_encoded_word(chunk))
    return _FOLD.join(words)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{b64encode(chunk).decode()}?="
