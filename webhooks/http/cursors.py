"""Cursors: where the next page of a list begins, as text that says nothing to who sends it back.

Not signed: one that was made up only begins elsewhere in the same list. It is bound to its list and
filters, since with others it would leave things out without a word.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b

import orjson

from webhooks.http.problems import RefusedRequest

FIELD = "cursor"
LONGEST = 600
Kinds = Sequence[type]
"""Of what each part of the list's key is."""


def written(name: str, asked: Mapping[str, object], key: Sequence[str | int]) -> str:
    """The cursor behind the item with this key, of the list `name` under these filters."""
    raw = orjson.dumps([_digest(name, asked), *key])
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(
    name: str, asked: Mapping[str, object], cursor: str | None, kinds: Kinds
) -> tuple[str | int, ...] | None:
    """The key; None for none. Raises Refused for what is no cursor of this list."""
    if cursor is None:
        return None
    try:
        padding = "=" * (-len(cursor) % 4)
        digest, *key = orjson.loads(urlsafe_b64decode(cursor + padding))
    except (ValueError, TypeError, binascii.Error):
        raise _refused() from None
    if digest != _digest(name, asked) or [type(part) for part in key] != list(kinds):
        raise _refused()
    if any(isinstance(part, int) and abs(part) >= 1 << 63 for part in key):
        raise _refused()
    if any(isinstance(part, str) and "\0" in part for part in key):
        raise _refused()
    return tuple(key)


def _digest(name: str, asked: Mapping[str, object]) -> str:
    raw = orjson.dumps([name, dict(asked)], option=orjson.OPT_SORT_KEYS)
    return blake2b(raw, digest_size=8).hexdigest()


def _refused() -> RefusedRequest:
    detail = (
        "Send next_cursor as the page before had it, with the same filters; without a cursor the"
        " list begins anew."
    )
    return RefusedRequest("invalid_cursor", detail, field=FIELD)
