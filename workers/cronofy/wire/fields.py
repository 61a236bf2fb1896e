"""One field of one JSON object from Cronofy: there, of the right kind and of a sane size, or
BadAnswer.

The texts of these errors name the field, never what was in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from workers.cronofy.errors import BadAnswer

Object = Mapping[str, Any]

# Of what an answer may have us store or repeat; Cronofy's own texts are far shorter.
MAX_TEXT = 4096
MAX_LABEL = 200
# Opaque to us, but not to a database, a log or a header: nothing that breaks a line.
_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


def document(raw: bytes, what: str) -> Object:
    """The JSON object in these bytes; `what` names it in the error."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = None  # reported below, outside: this exception holds the whole document
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} from Cronofy is not a JSON object; try again later")
    return value


def text(owner: Object, key: str) -> str | None:
    """None when missing, null or empty."""
    value = owner.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise _bad(key)
    return value


def label(owner: Object, key: str) -> str | None:
    """A text for people,
    cut to 200 characters and without control characters (a database refuses NUL).
    """
    value = owner.get(key)
    if value is not None and not isinstance(value, str):
        raise _bad(key)
    return "".join(filter(str.isprintable, (value or "")[:MAX_LABEL])) or None


def identifier(owner: Object, key: str) -> str:
    """An id, needed: visible ASCII, otherwise opaque."""
    value = owner.get(key)
    if not is_identifier(value):
        raise _bad(key)
    return str(value)


def is_identifier(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def flag(owner: Object, key: str, *, default: bool) -> bool:
    value = owner.get(key, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _bad(key)
    return value


def whole(owner: Object, key: str) -> int:
    value = owner.get(key)
    # To Python `true` is an int.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _bad(key)
    return value


def inner(owner: Object, key: str) -> Object:
    """An object; empty when missing or null."""
    value = owner.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad(key)
    return value


def inners(owner: Object, key: str) -> list[Object]:
    """A list of objects; empty when missing or null."""
    value = owner.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _bad(key)
    return value


def _bad(key: str) -> BadAnswer:
    return BadAnswer(
        f"{key!r} in an answer from Cronofy is missing, of the wrong kind or too long; try again"
        " later"
    )
