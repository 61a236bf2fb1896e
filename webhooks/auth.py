"""Who is asking: `Authorization: Bearer cck_...` (RFC 6750), and whether one of the key's scopes opens this route."""

from collections.abc import Collection
from typing import Any, cast

import orjson
from flask import g, request

from storage.clients import Key
from storage.outages import Unavailable
from webhooks.errors import HTTP_DETAILS, PROBLEM, Refused
from webhooks.limits import LIMITED
from webhooks.wiring import InPassing, Parts, Passing, parts
from workers import tracing
from workers.skew import ClockOff

PLACE = "/v1/"
TOO_MANY = 429
CHALLENGE = 'Bearer realm="coachcal"'


def require(scopes: Collection[str]) -> None:
    """Let the request pass with any one of the scopes. Raises Refused (401, 403) and TooManyRequests otherwise."""
    ours = parts()
    key = find(ours, request.environ)
    if key is None:
        ours.limits.admit(request.environ)
    if not bearer(request.environ):
        detail = "Send an API key: Authorization: Bearer cck_... (made by: coachcal keys create)."
        raise Refused("key_missing", detail, headers={"WWW-Authenticate": CHALLENGE})
    if key is None:
        ours.limits.wrong(request.environ)
        detail = "This key is unknown, expired or revoked; use another (made by: coachcal keys create)."
        raise Refused("key_unknown", detail, headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
    ours.limits.admit(request.environ, key.id)
    if not may(key, scopes):
        raise lacking(scopes)
    g.key = key


def find(ours: Parts, environ: dict[str, Any]) -> Key | None:
    """The key that a request presents, if it is good. A stranger is counted by address before the database is asked."""
    presented = bearer(environ)
    if not presented:
        return None
    known = ours.keyring.recall(presented)
    if known is not None or not ours.limits.passes(environ):
        return known
    return ours.keyring.find(presented)


def bearer(environ: dict[str, Any]) -> str:
    """The key that a request presents; empty when it presents none."""
    kind, _, presented = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return presented.strip() if kind.lower() == "bearer" else ""


def asking() -> Key:
    """The key that `require` let pass."""
    return cast(Key, g.key)


def may(key: Key, scopes: Collection[str]) -> bool:
    return any(scope in scopes for scope in key.scopes)


def lacking(scopes: Collection[str], *, field: str | None = None) -> Refused:
    needed = " or ".join(scopes)
    return Refused(
        "scope_missing",
        f"This key lacks the scope {needed}; use one that has it (coachcal keys create CLIENT --scope ...).",
        field=field,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{" ".join(scopes)}"'},
    )


def in_passing(ours: Parts) -> InPassing:
    """Refuses a key that is known to be at its limit: whoever asks on and on then costs others little."""
    keyring, limits, refusals = ours.keyring, ours.limits, ours.metrics.refusals.labels(LIMITED)
    requests = ours.metrics.requests.labels("none", TOO_MANY)
    # Its request_id is in the header: a body that is the same for all costs nothing.
    problem = {"title": "Too Many Requests", "status": TOO_MANY, "code": LIMITED, "detail": HTTP_DETAILS[TOO_MANY]}
    body = orjson.dumps(problem | {"request_id": None})
    refused: Passing = (
        "429 TOO MANY REQUESTS",
        [("Content-Type", PROBLEM), ("Content-Length", str(len(body)))],
        body,
    )

    def look(environ: dict[str, Any]) -> Passing | None:
        presented = bearer(environ) if environ["PATH_INFO"].startswith(PLACE) else ""
        try:
            key = keyring.recall(presented) if presented else None
        except (*Unavailable, ClockOff):
            return None  # the endpoint asks again, and says so
        if key is None or not limits.spent(environ, key.id):
            return None
        requests.inc()
        refusals.inc()
        tracing.tell(status=TOO_MANY)
        return refused

    return look
