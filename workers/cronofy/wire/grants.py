"""Tokens as the token endpoint hands them out.

Quirks: a refresh answers without `sub`, and may answer without a refresh token; `account_id` is the
older `sub`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire.fields import document, inner, label, text, whole

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)
# Seconds to trust a token that came without `expires_in`.
_SHORT_LIFE = 300
_LONGEST_LIFE = 86_400


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token with its life in seconds, and the refresh token to keep.
    Its repr shows neither.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    scope: str | None
    sub: str
    """Whose it is; "" when the answer does not say, as that of a refresh."""
    name: str = field(default="", repr=False)
    """Of the profile just authorised, mostly its address; "" when the answer does not say."""


def read_grant(raw: bytes, *, refresh_token: str | None = None) -> Grant:
    """The answer of the token endpoint.
    `refresh_token`: the one to keep when the answer names none.
    """
    grant = document(raw, "a token answer")
    # Cronofy echoes the refresh token, and it does not expire; whatever comes back is kept.
    kept = text(grant, "refresh_token") or refresh_token
    access = text(grant, "access_token")
    if not access or not kept or not (is_token(access) and is_token(kept)):
        raise BadAnswer(
            "a token answer from Cronofy lacks a usable token; connect the account again"
        )
    life = _SHORT_LIFE
    if grant.get("expires_in") is not None:
        life = whole(grant, "expires_in")
    # 3,600 in the docs' examples, 1,800 for service accounts: whatever it says counts, within
    # reason.
    return Grant(
        access_token=access,
        refresh_token=kept,
        expires_in=max(0, min(life, _LONGEST_LIFE)),
        scope=text(grant, "scope"),
        sub=label(grant, "sub") or label(grant, "account_id") or "",
        name=label(inner(grant, "linking_profile"), "profile_name") or "",
    )


def is_token(value: str) -> bool:
    """Whether this can stand in a header as it is."""
    return _TOKEN.fullmatch(value) is not None
