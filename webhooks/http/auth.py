"""Who is asking: `Authorization: Bearer cck_...` (RFC 6750), and whether one of the key's scopes
opens this route.
"""

from collections.abc import Collection
from typing import Any, cast

from flask import g, request

from storage.rows.api_keys import Key
from storage.schema import doorways
from webhooks.http.context import Parts, parts
from webhooks.http.problems import RefusedRequest

CHALLENGE = 'Bearer realm="coachcal"'


def require(scopes: Collection[str]) -> None:
    """Let the request pass with any one of the scopes. Raises Refused (401, 403) and
    TooManyRequests otherwise.
    """
    ours = parts()
    key = key_of(ours, request.environ)
    if key is None:
        ours.limits.admit(request.environ)
    if not bearer(request.environ):
        detail = "Send an API key: Authorization: Bearer cck_... (made by: coachcal keys create)."
        raise RefusedRequest("key_missing", detail, headers={"WWW-Authenticate": CHALLENGE})
    if key is None:
        ours.limits.wrong(request.environ)
        detail = (
            "This key is unknown, expired or revoked; use another (made by: coachcal keys create)."
        )
        raise RefusedRequest(
            "key_unknown",
            detail,
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
        )
    ours.limits.admit(request.environ, key.id)
    if not may(key, scopes):
        raise lacking(scopes)
    g.key = key
    doorways.enter("api", key.client_id)


def key_of(ours: Parts, environ: dict[str, Any]) -> Key | None:
    """The key that a request presents, if it is good. A stranger is counted by address before the
    database is asked.
    """
    presented = bearer(environ)
    if not presented:
        return None
    known = ours.api_keys.recall(presented)
    if known is not None or not ours.limits.passes(environ):
        return known
    return ours.api_keys.find(presented)


def bearer(environ: dict[str, Any]) -> str:
    """The key that a request presents; empty when it presents none."""
    given: str = environ.get("HTTP_AUTHORIZATION", "")
    kind, _, presented = given.partition(" ")
    if kind.lower() != "bearer":
        return ""
    return presented.strip()


def asking() -> Key:
    """The key that `require` let pass."""
    return cast(Key, g.key)


def may(key: Key, scopes: Collection[str]) -> bool:
    return any(scope in scopes for scope in key.scopes)


def lacking(scopes: Collection[str], *, field: str | None = None) -> RefusedRequest:
    needed = " or ".join(scopes)
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{" ".join(scopes)}"'
    return RefusedRequest(
        "scope_missing",
        (
            f"This key lacks the scope {needed}; use one that has it (coachcal keys create CLIENT"
            " --scope ...)."
        ),
        field=field,
        headers={"WWW-Authenticate": challenge},
    )
