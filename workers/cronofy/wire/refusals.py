"""The body of a refusal, as far as it has one.

Quirk: only 400 at the token endpoints and 422 have documented bodies; all others are empty or
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire.fields import document

_ERROR_KEY = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,80}", re.ASCII)
_MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class CronofyRefusal:
    """Why a call was refused, as far as Cronofy says:
    an OAuth word, and keys like `summary: errors.required`.
    """

    error: str | None
    keys: tuple[str, ...]


def read_refusal(raw: bytes) -> CronofyRefusal:
    """The body of a 4xx.
    Never raises: most have no body, and only words shaped like error keys are taken from one.
    """
    try:
        body = document(raw, "a refusal")
    except BadAnswer:
        return CronofyRefusal(None, ())
    # What is no key may be a sentence, and a sentence may quote what we sent: it is not repeated.
    error = body.get("error")
    if not _is_key(error):
        error = None
    return CronofyRefusal(error, tuple(_keys(body.get("errors")))[:_MOST_KEYS])


def _keys(errors: object) -> Iterator[str]:
    """Of `{field: [{key, description}]}`; whatever is shaped otherwise is passed over."""
    if not isinstance(errors, dict):
        return
    for name, entries in errors.items():
        if not isinstance(entries, list) or not _is_key(name):
            continue
        for entry in entries:
            # Never the description: it may quote what we sent.
            if isinstance(entry, dict) and _is_key(entry.get("key")):
                yield f"{name}: {entry['key']}"


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _ERROR_KEY.fullmatch(value) is not None
