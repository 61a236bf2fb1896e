"""What coachcal posts to you, verified: Standard Webhooks (standardwebhooks.com), symmetric."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

TOLERANCE = 300
"""Seconds that a callback may be older or newer than your clock."""
PREFIX = "whsec_"


class BadSignature(Exception):
    """Nobody who knows the secret sent this, or not now: answer 401, and do nothing."""


def verify(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
) -> dict[str, Any]:
    """The event. `secrets`: one or, during a rotation, several; `body`: the bytes as they came.

    Raises BadSignature. An event may come twice: the header `webhook-id` tells, remember it.
    """
    if isinstance(secrets, str):
        secrets = [secrets]
    sent = {name.lower(): value for name, value in headers.items()}
    event_id, at = sent.get("webhook-id", ""), sent.get("webhook-timestamp", "")
    if not at.isascii() or not at.isdecimal() or len(at) > len("99999999999"):
        raise BadSignature("there is no webhook-timestamp")
    if now is None:
        now = time.time()
    if abs(now - int(at)) > TOLERANCE:
        raise BadSignature("it was sent at another time: is your clock right?")
    signed = f"{event_id}.{at}.".encode() + body
    good = [hmac.digest(_key(secret), signed, "sha256") for secret in secrets]
    for value in sent.get("webhook-signature", "").split():
        if any(hmac.compare_digest(each, _signature(value)) for each in good):
            event: dict[str, Any] = json.loads(body)
            return event
    raise BadSignature("no signature is by this secret")


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


def _signature(value: str) -> bytes:
    version, _, text = value.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
