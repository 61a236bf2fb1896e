"""The OpenAPI 3.1 document: APIFlask writes it from the routes' models, and here it gets what
APIFlask cannot know.
"""

import inspect
import json
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any, get_args

from apiflask import APIFlask
from pydantic import BaseModel

from domain.coaches import ID
from storage.rows.api_keys import SCOPES
from storage.rows.idempotency import KEPT
from webhooks.api import examples, health, openapi_headers, openapi_webhooks
from webhooks.api.conferencing import PATH as CALL
from webhooks.api.conferencing import News
from webhooks.api.notifications import PATH as PUSH
from webhooks.api.route import Route, View
from webhooks.api.routes import ROUTES
from webhooks.api.schemas.requests import MOST_COACHES
from webhooks.api.schemas.responses import Problem
from webhooks.front.kinds import LARGEST_HEAD, LONGEST_TARGET
from webhooks.http.codes import CODES
from webhooks.http.limits import TOO_MANY
from webhooks.http.problems import PROBLEM
from webhooks.http.requests import BODY_CAP, JSON, PUSH_CAP
from webhooks.http.times import MOST_DAYS
from webhooks.http.versions import CHANGES
from workers.cronofy.signature import HEADER

BEARER, SIGNATURE = "apiKey", "cronofySignature"
DESCRIPTION = """\
coachcal keeps a coaching platform's bookable times true: calendar changes in, fresh slots out.

Times are UTC (RFC 3339), starts are on quarter hours. A refusal is application/problem+json
(RFC 9457): a stable `code`, the `field`, and a `detail` that ends with the next step; nothing is
written then. API keys are made with `coachcal keys create` and carry scopes.

Requests are limited, by API key or else by address: `RateLimit` says what is left of each limit
that a request was counted by, `RateLimit-Policy` what they are; past one, 429 and `Retry-After`.

`Coachcal-Version` names the date of the form that is asked for, and answered: what breaks a reader
is a new date. Who names none gets the former date until it ends."""
BOUNDS = {
    "body_bytes": BODY_CAP,
    "push_bytes": PUSH_CAP,
    "range_days": MOST_DAYS,
    "ids": MOST_COACHES,
    "idempotency_hours": KEPT // timedelta(hours=1),
    "path_and_query_bytes": LONGEST_TARGET,
    "head_bytes": LARGEST_HEAD,
}
"""What a request may be, as numbers."""
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


def configure(app: APIFlask) -> None:
    app.config["DESCRIPTION"] = DESCRIPTION
    app.config["SECURITY_SCHEMES"] = SCHEMES
    for answered_here in ("404", "VALIDATION_ERROR", "AUTH_ERROR"):
        app.config[f"AUTO_{answered_here}_RESPONSE"] = False
    app.spec_processor(_finished)


def describe(app: APIFlask, route: Route, view: View) -> View:
    """The view, with what the document says of its route: its docstring's first paragraph is the
    summary, the rest the description.
    """
    if not route.documented:
        described: View = app.doc(hide=True)(view)
        return described
    summary, _, description = (inspect.getdoc(route.view) or "").partition("\n\n")
    documented: View = app.doc(
        summary=" ".join(summary.split()),
        description=description or None,
        tags=[route.group],
        operation_id=route.name,
        security=_security(route),
        responses=_responses(route),
    )(view)
    return documented


def _security(route: Route) -> list[Any] | None:
    if route.path == PUSH:
        return [{SIGNATURE: []}]
    if route.path == CALL:
        return [{SIGNATURE: []}, {}]
    return [{BEARER: [scope]} for scope in route.scopes] or None


def _responses(route: Route) -> dict[int | str, Any]:
    responses: dict[int | str, Any] = {}
    answers = [*route.answers]
    if route.conditional and 304 not in answers:
        answers.append(304)
    for status in answers:
        responses[status] = _answer(route, status)
    for status in sorted(_refusals(route) - set(answers)):
        content = {PROBLEM: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
        responses[status] = {"description": HTTPStatus(status).phrase, "content": content}
    for answered, response in responses.items():
        response["headers"] = openapi_headers.of_answer(route, int(answered))
    return responses


def _answer(route: Route, status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status in (204, 304):
        return response
    if route.answer is None:
        return response | {"content": {route.media: {"schema": {"type": "string"}}}}
    content: dict[str, Any] = {JSON: {"schema": {"$ref": f"{SCHEMAS}{route.answer.__name__}"}}}
    for media in route.also:
        content[media] = {"schema": {"type": "string"}}
    return response | {"content": content}


def responses_of(route: Route) -> set[int]:
    """Every status that the document tells of it."""
    told = {*route.answers, *_refusals(route)}
    if route.conditional:
        told.add(304)
    return told


def _refusals(route: Route) -> set[int]:
    """What follows from how the route is asked, and what it says itself."""
    statuses = {*route.refuses, 405, 500}
    if route.path != health.PATH:
        statuses.add(TOO_MANY)
    # If-Match: of another version, or where there is none.
    if route.scopes and route.method != "GET":
        statuses.add(412)
    if route.scopes:
        statuses |= {400, 401, 403, 503}
    if route.scopes and (route.takes_values or route.once):
        statuses.add(422)
    if route.body is not None:
        statuses |= {413, 415}
    if route.once:
        statuses.add(413)
    if route.files:
        statuses |= {413, 415}
    if route.path in (PUSH, CALL):
        statuses.add(503)
    return statuses


def _finished(document: Any) -> Any:
    document["components"]["headers"] = openapi_headers.DECLARED
    document["info"]["x-limits"] = BOUNDS
    document["info"]["x-versions"] = CHANGES
    document["x-codes"] = {
        code: {"status": status, "meaning": said} for code, (status, said) in CODES.items()
    }
    _add_model(document, Problem)
    for route in ROUTES:
        if route.once and route.answer:
            _add_model(document, route.answer)
    document = _with_short_names(document)
    document["webhooks"] = openapi_webhooks.document()
    for route in ROUTES:
        if route.documented:
            path = re.sub(r"<(\w+)>", r"{\1}", route.path)
            _finish(document["paths"][path][route.method.lower()], route)
    examples.put_into(document)
    return document


def _add_model(document: Any, model: type[BaseModel]) -> None:
    """What is written by hand, or by `once`, is not known to APIFlask."""
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
    document["components"]["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}


def _with_short_names(document: Any) -> Any:
    """APIFlask calls a nested model by all of its parents; ours have one name each."""
    text = re.sub(r"(#/components/schemas/)\w+\.(\w+)", r"\1\2", json.dumps(document))
    renamed = json.loads(text)
    schemas = {}
    for name, schema in renamed["components"]["schemas"].items():
        schemas[name.rpartition(".")[2]] = schema
    renamed["components"]["schemas"] = schemas
    return renamed


def _finish(operation: dict[str, Any], route: Route) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "news":
            parameter["schema"]["enum"] = list(get_args(News))
        if parameter["in"] == "path" and route.scopes:
            parameter["schema"]["pattern"] = f"^{ID}$"
    if route.path == PUSH:
        anything = {"type": "object", "description": "A notification as Cronofy documents it."}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": anything}}}
    if route.files:
        binary = {"schema": {"type": "string", "format": "binary"}}
        content = dict.fromkeys(route.files, binary)
        operation["requestBody"] = {"required": True, "content": content}
    if route.body is not None:
        fields = route.body.model_fields
        operation["requestBody"]["required"] = any(field.is_required() for field in fields.values())
    if more := openapi_headers.of_request(route):
        operation["parameters"] = [*operation.get("parameters", ()), *more]
