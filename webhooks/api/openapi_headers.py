"""The headers of requests and answers, as the OpenAPI document tells them."""

from typing import Any

from domain.event_versions import VERSIONS
from webhooks.api.route import Route
from webhooks.http import idempotent, request_ids, versions
from webhooks.http.entity_tags import PATTERN as ETAG
from webhooks.http.limits import TOO_MANY

HEADERS = "#/components/headers/"
DECLARED: dict[str, Any] = {
    request_ids.HEADER: {
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "description": "The request's id: the caller's own, or one of ours. It is in our log, and"
        " in each problem.",
    },
    "ETag": {
        "schema": {"type": "string"},
        "description": 'Names what is answered, such as "3-0f1e2d3c4b5a6978": its version, and'
        " a digest. Send it as If-None-Match to be told only what changed, and as If-Match to"
        " change only what you saw.",
    },
    "Location": {
        "schema": {"type": "string", "format": "uri-reference"},
        "description": "Where what was made is from now on.",
    },
    idempotent.REPLAYED: {
        "schema": {"type": "string", "const": "true"},
        "description": "The request was answered before: this is that answer.",
    },
    "RateLimit": {
        "schema": {"type": "string"},
        "description": 'What is left, and for how many seconds: "reads";r=5999;t=60',
    },
    "RateLimit-Policy": {
        "schema": {"type": "string"},
        "description": 'Of how many, in how many seconds: "reads";q=6000;w=60',
    },
    versions.HEADER: {
        "schema": {"enum": list(VERSIONS)},
        "description": "The date of the form that this is answered in.",
    },
    "Deprecation": {
        "schema": {"type": "string"},
        "description": "Since when there is another form of what was asked or is answered"
        " (RFC 9745).",
    },
    "Sunset": {
        "schema": {"type": "string"},
        "description": "Until when this form is served, at least (RFC 8594).",
    },
    "Retry-After": {
        "schema": {"type": "integer", "minimum": 1},
        "description": "Seconds until the request may be repeated.",
    },
    "Allow": {
        "schema": {"type": "string"},
        "description": "The methods that there are at this path.",
    },
}
VERSION = {
    "in": "header",
    "name": versions.HEADER,
    "required": False,
    "schema": {"enum": list(VERSIONS)},
    "description": "The date of the form to be answered in; without it"
    f" {versions.USUAL}, for as long as that is served.",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string", "pattern": ETAG},
    "description": 'The ETag that this change was made from, or its version alone, such as "3";'
    " 412 if it is no longer that.",
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of what is known already; 304 if it is still that.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": idempotent.HEADER,
    "required": True,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": (
        "A value of your own for this one write, such as a UUID. A repeat gets the stored"
        " answer, for 48 h."
    ),
}


def of_answer(route: Route, status: int) -> dict[str, Any]:
    """The headers of an answer or refusal."""
    names = [request_ids.HEADER]
    if route.path.startswith(versions.PLACE):
        names.append(versions.HEADER)
    if route.dated:
        names += ["Deprecation", "Sunset"]
    if route.limited or status == TOO_MANY:
        names += ["RateLimit", "RateLimit-Policy"]
    if status in (200, 201, 304) and (route.versioned or 304 in route.answers):
        names.append("ETag")
    if status == 201 and route.location:
        names.append("Location")
    if route.once and status not in (401, 403, 429, 500, 503):
        names.append(idempotent.REPLAYED)
    if status in (TOO_MANY, 503):
        names.append("Retry-After")
    if status == 405:
        names.append("Allow")
    return {name: {"$ref": HEADERS + name} for name in names}


def of_request(route: Route) -> list[dict[str, Any]]:
    """Beside the key."""
    sent: list[dict[str, Any]] = []
    if route.scopes:
        sent.append(VERSION)
    if route.once:
        # A PUT or DELETE done twice comes to the same, anyhow.
        sent.append(IDEMPOTENCY_KEY | {"required": route.method not in ("PUT", "DELETE")})
    if route.changes_a_version:
        sent.append(IF_MATCH)
    if route.conditional:
        sent.append(IF_NONE_MATCH)
    return sent
