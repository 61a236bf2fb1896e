"""What a person typed, made harmless for a header, an address, a page and a calendar line.

Nobody's name may add a header, a recipient, a calendar line or a tag. The characters that lines
break at differ from reader to reader: CR and LF, but also VT, FF, FS, GS, RS, NEL, U+2028 and
U+2029, at which `str.splitlines` and some calendar programs break. All of them are control
characters or separators (Cc, Zl, Zp).
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

import idna

from domain.errors import Invalid

LONGEST = 300
"""Characters of a cleaned text; the rest is cut and an ellipsis says so."""

# Marks and overrides of writing direction:
# one left open would turn around whatever follows the name.
_DIRECTING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_BREAKING = ("Cc", "Zl", "Zp")
# A name of nothing but these is shown as none: marks need a letter to stand on. The fillers and the
# blanks are letters and symbols by their category alone (Unicode, Default_Ignorable_Code_Point).
_UNSEEN = ("C", "M", "Z")
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
_RIGHT_TO_LEFT = ("R", "AL")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"

LONGEST_URL = 2000

LONGEST_ADDRESS = 254
LONGEST_LOCAL = 64
"""Octets of an address, and of what is before its @ (RFC 5321, 4.5.3.1)."""
ADDRESS_RULE = (
    "Send one mail address, such as grace@example.com or grâce@example.com: letters and digits"
    " of any script, "
    "single dots and !#$%&'*+-/=?^_`{|}~ before the @, a domain after it, and nothing else."
)
"""Told by whoever refuses an address: the API, the import, the settings."""
IN_A_MAILTO = "!$'*+"
"""Beside letters, digits and -._~, what may stand in a mailto: as it is (RFC 6068, 2)."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_SCRIPTS = ("L", "M", "N")
"""Of characters beyond ASCII only letters, their marks, and digits:
no spaces, no directions, nothing unseen.
"""
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_MAILBOX = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>|(?P<bare>[^<>]+))\s*")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_URL = re.compile(r"https?://[^\s/?#\"'<>\\]+[^\s\"'<>\\]*", re.ASCII | re.IGNORECASE)


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text as one line: no control character, no line separator, no direction mark, no lone
    surrogate. Nothing, where nobody would see anything of it.

    `=?` is taken apart, because it begins an encoded word: Python 3.11.7 turns one in a Subject
    into a real header.
    """
    harmless = "".join(map(_harmless, text))
    if not any(map(_is_seen, harmless)):
        return ""
    return together(" ".join(harmless.split()), longest)


def together(line: str, longest: int = LONGEST) -> str:
    """A line whose parts are clean: two of them can still make a `=?` where they meet."""
    line = line.replace("=?", "= ?")
    if len(line) <= longest:
        return line
    return line[: longest - 1].rstrip() + "…"


def many_lines(text: str) -> str:
    """The text with its lines ended by LF; everything else as in `one_line`, but of any length."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join("".join(map(_harmless, line)) for line in text.split("\n"))


def isolated(text: str, *, right_to_left: bool = False) -> str:
    """A cleaned text that cannot rearrange the sentence around it (Unicode TR9, FSI and PDI).
    `right_to_left`: how that is written; where it is not, only right-to-left letters could.
    """
    directions = set(map(unicodedata.bidirectional, text))
    harmless = not right_to_left and directions.isdisjoint(_RIGHT_TO_LEFT)
    if harmless or not text:
        return text
    return f"{_ISOLATE}{text}{_END_OF_ISOLATE}"


def mail_address(field: str, text: str) -> str:
    """The address as it goes on the wire: RFC 5321 dot-string, with letters of any script before
    the @ (RFC 6531) in their composed form; domain in ASCII and in small letters. Raises Invalid.

    Quoted local parts, comments, groups and address literals are refused: no person has one, and
    parsers disagree.
    """
    local, _, host = text.strip(" ").rpartition("@")
    # Whatever is longer is none, and is not worked on.
    # (Composed, a text can be a third of what it was.)
    if len(text) <= 3 * LONGEST_ADDRESS and "=?" not in text:
        local, name = unicodedata.normalize("NFC", local), _ascii_host(host)
        address = f"{local}@{name}"
        is_valid = name != "" and _is_local(local)
        if is_valid and len(address.encode()) <= LONGEST_ADDRESS:
            return address
    raise Invalid(field, "not_an_address", ADDRESS_RULE)


def mailto(address: str) -> str:
    """The URI that writes to a checked address, and to nobody else.

    `a?bcc=eve` may stand before an @: as it is, it would be a header of the mail.
    """
    local, _, host = address.partition("@")
    return f"mailto:{quote(local, safe=IN_A_MAILTO)}@{host}"


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
    """The text with "(address)" for each mail address in it,
    and for each of the words, such as its parts.
    """
    text = _ADDRESS.sub("(address)", text)
    # The longest first: taken out of a longer word, a shorter one would leave the rest standing.
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "(address)", text, flags=re.IGNORECASE)
    return text


def web_address(text: str | None) -> str:
    """The URL, or nothing when it is not an http(s) one that may stand in an attribute:
    `javascript:` is none.
    """
    # The length before the pattern: a search through megabytes is work for nothing.
    if not text or len(text) > LONGEST_URL:
        return ""
    if not _URL.fullmatch(text):
        return ""
    return text


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category in _BREAKING:
        return " "
    # A lone half of a surrogate pair: JSON can carry one, and UTF-8 cannot.
    if category == "Cs":
        return "\ufffd"
    if char in _DIRECTING:
        return ""
    return char


def _is_seen(char: str) -> bool:
    category = unicodedata.category(char)
    # Not assigned, as far as this Python knows: a letter that is younger than its tables.
    if category == "Cn":
        return True
    return category[0] not in _UNSEEN and char not in _FILLERS


def _is_local(local: str) -> bool:
    # A mark without a letter before it would join itself to whatever is shown before the address.
    if not _LOCAL.fullmatch(local) or unicodedata.combining(local[0]):
        return False
    if local.isascii():
        return len(local) <= LONGEST_LOCAL
    for char in local:
        if not char.isascii() and unicodedata.category(char)[0] not in _SCRIPTS:
            return False
    return len(local.encode()) <= LONGEST_LOCAL


# Kept: to look at one costs as much as all else of a booking in a list, and few are many people's.
@lru_cache(maxsize=1024)
def _ascii_host(host: str) -> str:
    """As it is looked up: UTS 46, not transitional, as browsers do. IDNA 2003 makes `strasse` of
    `straße`, which is somebody else's domain.
    """
    try:
        encoded = idna.encode(host, uts46=True, std3_rules=True, transitional=False)
        name = encoded.decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""
    # idna lets a dot at the end pass: a host's name may have one, a mail address may not.
    if not all(map(_LABEL.fullmatch, name.split("."))):
        return ""
    return name
