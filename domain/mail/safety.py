"""What a person typed, made harmless for a header, an address, a page and a calendar line.

Nobody's name may add a header, a recipient, a calendar line or a tag. The characters that lines
break at differ from reader to reader: CR and LF, but also VT, FF, FS, GS, RS, NEL, U+2028 and
U+2029, at which `str.splitlines` and some calendar programs break. All of them are control
characters or separators (Cc, Zl, Zp).
"""

import re
import unicodedata

import idna

from domain.errors import Invalid

LONGEST = 300
"""Characters of a cleaned text; the rest is cut and an ellipsis says so."""

# Marks and overrides of writing direction: one left open would turn around whatever follows the
# name.
_DIRECTING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_BREAKING = ("Cc", "Zl", "Zp")
_RIGHT_TO_LEFT = ("R", "AL")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"

LONGEST_ADDRESS = 254
LONGEST_LOCAL = 64
"""Octets of an address, and of what is before its @ (RFC 5321, 4.5.3.1)."""
ADDRESS_RULE = (
    "Send one mail address, such as grace@example.com or grâce@example.com: letters and digits"
    " of any script, "
    "single dots and !#$%&'*+-/=?^_`{|}~ before the @, a domain after it, and nothing else."
)
"""Told by whoever refuses an address: the API, the import, the settings."""
_LOCAL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+)*"
)
_SCRIPTS = ("L", "M", "N")
"""Of characters beyond ASCII only letters, their marks, and digits: no spaces, no directions,
nothing unseen.
"""
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_MAILBOX = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>|(?P<bare>[^<>]+))\s*")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_URL = re.compile(r"https?://[^\s/?#\"'<>\\]+[^\s\"'<>\\]*", re.ASCII | re.IGNORECASE)


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text as one line: no control character, no line separator, no direction mark, no lone
    surrogate.

    `=?` is taken apart, because it begins an encoded word: Python 3.11.7 turns one in a Subject
    into a real header.
    """
    return together(" ".join("".join(_harmless(char) for char in text).split()), longest)


def together(line: str, longest: int = LONGEST) -> str:
    """A line whose parts are clean: two of them can still make a `=?` where they meet."""
    line = line.replace("=?", "= ?")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def many_lines(text: str) -> str:
    """The text with its lines ended by LF; everything else as in `one_line`, but of any length."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(
        "".join(" " if char == "\t" else _harmless(char) for char in line)
        for line in text.split("\n")
    )


def isolated(text: str, *, right_to_left: bool = False) -> str:
    """A cleaned text that cannot rearrange the sentence around it (Unicode TR9, FSI and PDI).
    `right_to_left`: how that is written; where it is not, only right-to-left letters could.
    """
    letters = (unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text)
    if text and (right_to_left or any(letters)):
        return f"{_ISOLATE}{text}{_END_OF_ISOLATE}"
    return text


def mail_address(field: str, text: str) -> str:
    """The address as it goes on the wire: RFC 5321 dot-string, with letters of any script before
    the @ (RFC 6531) in their composed form; domain in ASCII and in small letters. Raises Invalid.

    Quoted local parts, comments, groups and address literals are refused: no person has one, and
    parsers disagree.
    """
    local, _, host = text.strip(" ").rpartition("@")
    # Whatever is longer is none, and is not worked on. (Composed, a text can be a third of what it
    # was.)
    if len(text) <= 3 * LONGEST_ADDRESS and "=?" not in text:
        local, name = unicodedata.normalize("NFC", local), _ascii_host(host)
        if name and _is_local(local) and len(local.encode()) + 1 + len(name) <= LONGEST_ADDRESS:
            return f"{local}@{name}"
    raise Invalid(field, "not_an_address", ADDRESS_RULE)


def mailbox(field: str, text: str) -> tuple[str, str]:
    """`Ada <ada@example.com>` or a bare address -> name and address. Raises Invalid."""
    found = _MAILBOX.fullmatch(text)
    if found is None:
        raise Invalid(
            field,
            "not_a_mailbox",
            "Send an address, or a name and an address: Ada <ada@example.com>.",
        )
    name = one_line((found["name"] or "").strip().strip('"'))
    return name, mail_address(field, found["address"] or found["bare"])


def without_addresses(text: str, *words: str) -> str:
    """The text with "(address)" for each mail address in it, and for each of the words, such as its
    parts.
    """
    text = _ADDRESS.sub("(address)", text)
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "(address)", text, flags=re.IGNORECASE)
    return text


def web_address(text: str | None) -> str:
    """The URL, or nothing when it is not an http(s) one that may stand in an attribute:
    `javascript:` is none.
    """
    return text if text and len(text) <= 2000 and _URL.fullmatch(text) else ""


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category in _BREAKING:
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if char in _DIRECTING else char


def _is_local(local: str) -> bool:
    if not _LOCAL.fullmatch(local) or unicodedata.combining(local[0]):
        return False
    beyond = [char for char in local if not char.isascii()]
    fine = all(unicodedata.category(char)[0] in _SCRIPTS for char in beyond)
    return fine and len(local.encode()) <= LONGEST_LOCAL


def _ascii_host(host: str) -> str:
    """As it is looked up: UTS 46, not transitional, as browsers do. IDNA 2003 makes `strasse` of
    `straße`, which is somebody else's domain.
    """
    try:
        name = (
            idna.encode(host, uts46=True, std3_rules=True, transitional=False)
            .decode("ascii")
            .lower()
        )
    except (idna.IDNAError, UnicodeError):
        return ""
    return name if all(_LABEL.fullmatch(label) for label in name.split(".")) else ""
