"""The OpenAPI 3.1 document: APIFlask writes it from the routes' models, and here it gets what
APIFlask cannot know.
"""

import inspect
import json
import re
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from pydantic import BaseModel

from domain.coaches import ID
from storage.rows.api_keys import SCOPES
from webhooks.api import health
from webhooks.api.notifications import PATH as PUSH
from webhooks.api.routes import ROUTES, Route, View
from webhooks.api.schemas.responses import Problem
from webhooks.http.limits import TOO_MANY
from webhooks.http.problems import PROBLEM
from webhooks.http.requests import JSON
from workers.cronofy.signature import HEADER

BEARER, SIGNATURE = "apiKey", "cronofySignature"
DESCRIPTION = """\
coachcal keeps a coaching platform's bookable times true: calendar changes in, fresh slots out.

Times are UTC (RFC 3339), starts are on quarter hours. A refusal is application/problem+json
(RFC 9457): a stable `code`, the `field`, and a `detail` that ends with the next step; nothing is
written then. API keys are made with `coachcal keys create` and carry scopes.

Requests are limited, by API key or else by address: `RateLimit` says what is left of each limit
that a request was counted by, `RateLimit-Policy` what they are; past one, 429 and `Retry-After`."""
SCHEMAS = "#/components/schemas/"
SCHEMES = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "cck_<id>_<secret>",
        "description": f"An API key. Scopes: {', '.join(SCOPES)}. A revoked key ends within 5 s.",
    },
    SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": HEADER,
        "description": "base64(HMAC-SHA256(client secret, raw body)), one value or several"
        " joined by commas.",
    },
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,10}"$'},
    "description": 'The version this change was made from, such as "3"; does what the field'
    " `version` does.",
}


LIMITS = {
    "RateLimit": ("string", 'What is left, and for how many seconds: "reads";r=5999;t=60'),
    "RateLimit-Policy": ("string", 'Of how many, in how many seconds: "reads";q=6000;w=60'),
    "Retry-After": ("integer", "Seconds until the request may be repeated."),
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": (
        "A value of your own for this one write, such as a UUID. A repeat gets the stored"
        " answer, for 48 h."
    ),
}


def configure(app: APIFlask, base_url: str) -> None:
    app.config["DESCRIPTION"] = DESCRIPTION
    app.config["SERVERS"] = [{"url": base_url}]
    app.config["SECURITY_SCHEMES"] = SCHEMES
    for told_here in ("404", "VALIDATION_ERROR", "AUTH_ERROR"):
        app.config[f"AUTO_{told_here}_RESPONSE"] = False
    app.spec_processor(_finished)


def describe(app: APIFlask, route: Route, view: View) -> View:
    """The view, with what the document says of its route: its docstring's first paragraph is the
    summary, the rest the description.
    """
    if not route.told:
        described: View = app.doc(hide=True)(view)
        return described
    security: list[Any] | None = [{BEARER: [scope]} for scope in route.scopes] or None
    if route.path == PUSH:
        security = [{SIGNATURE: []}]
    summary, _, description = (inspect.getdoc(route.view) or "").partition("\n\n")
    documented: View = app.doc(
        summary=" ".join(summary.split()),
        description=description or None,
        tags=[route.group],
        operation_id=route.name,
        security=security,
        responses=_responses(route),
    )(view)
    return documented


def _responses(route: Route) -> dict[int | str, Any]:
    told: dict[int | str, Any] = {status: _answer(route, status) for status in route.answers}
    for status in sorted(_refusals(route) - set(route.answers)):
        content = {PROBLEM: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
        told[status] = {"description": HTTPStatus(status).phrase, "content": content}
    if TOO_MANY in told:
        told[TOO_MANY]["headers"] = {
            name: {"schema": {"type": kind}, "description": text}
            for name, (kind, text) in LIMITS.items()
        }
    return told


def _answer(route: Route, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status in (204, 304):
        return told
    if route.answer is None:
        return told | {"content": {route.media: {"schema": {"type": "string"}}}}
    if 304 in route.answers:
        told["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return told | {"content": {JSON: {"schema": {"$ref": f"{SCHEMAS}{route.answer.__name__}"}}}}


def _refusals(route: Route) -> set[int]:
    """What follows from how the route is asked, and what it says itself."""
    statuses = set(route.refuses) | (set() if route.path == health.PATH else {TOO_MANY})
    if route.scopes:
        statuses |= {401, 403, 422, 503}
    if route.body is not None or route.once:
        statuses |= {400, 413, 415}
    return statuses | ({503} if route.path == PUSH else set())


def _finished(document: Any) -> Any:
    # What is written by hand, or by `once`, is not known to APIFlask.
    models: list[type[BaseModel]] = [
        Problem,
        *(route.answer for route in ROUTES if route.once and route.answer),
    ]
    for model in models:
        schema = model.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
        document["components"]["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}
    # APIFlask calls a nested model by all of its parents; ours have one name each.
    document = json.loads(
        re.sub(r"(#/components/schemas/)\w+\.(\w+)", r"\1\2", json.dumps(document))
    )
    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = {
        name.rpartition(".")[2]: schema for name, schema in schemas.items()
    }
    for route in ROUTES:
        if route.told:
            _finish(
                document["paths"][re.sub(r"<(\w+)>", r"{\1}", route.path)][route.method.lower()],
                route,
            )
    return document


def _finish(operation: dict[str, Any], route: Route) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and route.scopes:
            parameter["schema"]["pattern"] = f"^{ID}$"
    if route.path == PUSH:
        anything = {"type": "object", "description": "A notification as Cronofy documents it."}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": anything}}}
    if route.files:
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in route.files}
        operation["requestBody"] = {"required": True, "content": content}
    more = []
    if route.once:
        more.append(
            IDEMPOTENCY_KEY | {"required": route.method not in ("PUT", "DELETE")}
        )  # the same twice, anyhow
    if route.body is not None:
        fields = route.body.model_fields
        operation["requestBody"]["required"] = any(field.is_required() for field in fields.values())
        more += [IF_MATCH] if "version" in fields else []
    if more:
        operation["parameters"] = [*operation.get("parameters", ()), *more]
