"""The body of a refusal, as far as it has one.

Quirk: only 400 at the token endpoints and 422 have documented bodies; all others are empty or
anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire.fields import document

_ERROR_KEY = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,80}", re.ASCII)
_MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class CronofyRefusal:
    """Why a call was refused, as far as Cronofy says: an OAuth word, and keys like `summary:
    errors.required`.
    """

    error: str | None
    keys: tuple[str, ...]


def read_refusal(raw: bytes) -> CronofyRefusal:
    """The body of a 4xx. Never raises: most have no body, and only words shaped like error keys are
    taken from one.
    """
    try:
        body = document(raw, "a refusal")
    except BadAnswer:
        return CronofyRefusal(None, ())
    error, errors = body.get("error"), body.get("errors")
    keys = [
        f"{name}: {entry['key']}"
        for name, entries in (errors.items() if isinstance(errors, dict) else ())
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and _is_key(name) and _is_key(entry.get("key"))
    ]
    return CronofyRefusal(error if _is_key(error) else None, tuple(keys[:_MOST_KEYS]))


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _ERROR_KEY.fullmatch(value) is not None
