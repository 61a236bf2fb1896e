"""Every refusal, as application/problem+json (RFC 9457): a stable code, the field, and a sentence
with the next step.

Refused            ours: its code stands in CODES, which also knows its status
Invalid            the domain's: 422 with its own code and field
ValidationError    pydantic's, of a body or a query: 422, each error with its field
HTTPException      werkzeug's: no such path, no such method, too large
Unavailable        the database cannot serve now: 503, and which way it is out
                   (storage.schema.outages); ask again
ClockOff           this machine's clock is wrong: 503; nothing was written, another machine may do
anything else      500, without a word about its cause; the log has it under the same request id
"""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, g
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from domain.errors import Invalid
from domain.sessions import Refused as Refusal
from domain.sessions import Unknown
from domain.slots.listing import render
from storage.rows.coaches import StaleVersion
from storage.schema.outages import Kind, Probed, Unavailable, kind_of
from webhooks.http import home
from webhooks.http.codes import CODES, HTTP_CODES, HTTP_DETAILS, NEXT_STEPS, OUT, PYDANTIC
from webhooks.http.context import parts
from webhooks.http.patterns import SENTENCES
from workers.skew import ClockOff

log = structlog.get_logger()

PROBLEM = "application/problem+json"
STALE = "stale_version"
RETRY_AFTER = {"Retry-After": "2"}
MOST_TOLD = 100
"""Flaws of one request, of each of which we say where it is and what to do."""


class RefusedRequest(Exception):
    """A request that is answered by a problem; `members` are further members of the document (RFC
    9457, 3.2).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})
        self.members = members


def unknown_coach(coach_id: str) -> RefusedRequest:
    return RefusedRequest(
        "unknown_coach", f"Make the coach first: PUT /v1/coaches/{coach_id}.", field="coach_id"
    )


def refusal_response(refusal: Refusal) -> Response:
    """What cannot be had: 409, why, and what can be had instead."""
    if refusal.code == STALE and g.get("precondition"):
        return _precondition_failed(refusal.detail, **refusal.more)
    more = dict(refusal.more)
    if refusal.reason is not None:
        more |= {"reason": refusal.reason, "nearest": render(refusal.nearest)}
    return problem(409, refusal.code, refusal.detail, **more)


def register(app: APIFlask) -> None:
    app.register_error_handler(RefusedRequest, _refused)
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(StaleVersion, _stale)
    app.register_error_handler(Refusal, refusal_response)
    app.register_error_handler(Unknown, _unknown)
    app.register_error_handler(HTTPError, _http_error)
    app.register_error_handler(HTTPException, _http_exception)
    for away in Unavailable:
        app.register_error_handler(away, partial(unavailable, answer=_out))
    app.register_error_handler(ClockOff, _clock_off)
    app.register_error_handler(Exception, unexpected)


def _refused(error: RefusedRequest) -> Response:
    status = CODES[error.code][0]
    response = problem(status, error.code, error.detail, field=error.field, **error.members)
    response.headers.update(error.headers)
    return response


def _invalid(error: Invalid) -> Response:
    return problem(422, error.code, error.detail, field=error.field)


def _stale(error: StaleVersion) -> Response:
    detail = (
        f"The coach is at version {error.current} now: read it again, then repeat your change"
        " with that version."
    )
    if g.get("precondition"):
        return _precondition_failed(detail, current=error.current)
    return problem(409, STALE, detail, field="version", current=error.current)


def _precondition_failed(detail: str, **more: Any) -> Response:
    """The version was sent in If-Match (`webhooks.http.entity_tags`)."""
    return problem(412, "precondition_failed", detail, field="If-Match", **more)


def _unknown(error: Unknown) -> Response:
    detail = (
        f"There is no {error.what} {error.sought}: look the id up again; one that ended may be"
        " gone."
    )
    return problem(404, f"unknown_{error.what}", detail, field=f"{error.what}_id")


def _http_error(error: HTTPError) -> Response:
    """APIFlask wraps what pydantic found, and keeps the original as the cause."""
    if isinstance(error.__cause__, ValidationError):
        return _unfit(error.__cause__)
    return problem(
        error.status_code, HTTP_CODES.get(error.status_code, "bad_request"), f"{error.message}."
    )


def _unfit(error: ValidationError) -> Response:
    # Not all of them: an unknown name costs its sender 8 characters, and us 150.
    errors = error.errors(include_url=False, include_input=False)
    found = list(map(_flaw, errors[:MOST_TOLD]))
    first = found[0]
    more = {}
    if len(found) > 1:
        more["errors"] = found
    return problem(422, first["code"], first["detail"], field=first["field"], **more)


def _flaw(error: ErrorDetails) -> dict[str, str]:
    field = _path(error["loc"]) or "body"
    code = error["type"]
    if "detail" not in error.get("ctx", {}):  # else the domain's own, which keep their codes
        code = _code(code)
    return {"field": field, "code": code, "detail": _detail(error, field, code)}


def _detail(error: ErrorDetails, field: str, code: str) -> str:
    if error["type"] == "string_pattern_mismatch":
        return SENTENCES[error["ctx"]["pattern"]]
    message = error["msg"].rstrip(".")
    return NEXT_STEPS.get(code, "{message}.").format(field=field, message=message)


def _code(kind: str) -> str:
    """Ours, for pydantic's."""
    if kind in PYDANTIC:  # first: it has a `too_long` of its own, of lists
        return PYDANTIC[kind]
    if kind in CODES:
        return kind
    if kind.endswith(("_type", "_parsing", "_from_float")):
        return "wrong_type"
    return "invalid_value"


def _path(loc: tuple[int | str, ...]) -> str:
    """("hours", "mon", 0) -> hours.mon[0], as the domain writes it."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}"
    return path.removeprefix(".")


def _http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status=status, headers=error.get_headers())
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected(error)
    if status == HTTPStatus.NOT_FOUND and home.wants_a_page():
        parts().refusals.tell(HTTP_CODES[status])
        return home.not_found()
    detail = HTTP_DETAILS.get(status, error.description or "")
    response = problem(status, HTTP_CODES.get(status, "bad_request"), detail)
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers.add(name, value)
    return response


def _out(kind: Kind) -> Response:
    code, detail = OUT[kind]
    return problem(503, code, detail)


def unavailable(error: Exception, answer: Callable[[Kind], Response]) -> Response:
    """What `answer` makes of the way in which the database is out, and when to ask again; for pages
    too. What no database is to blame for is a fault of ours.
    """
    kind = kind_of(error)
    if kind == "defect":
        return unexpected(error)
    if not isinstance(getattr(error, "orig", None), Probed):
        log.warning("database_failed_a_request", kind=kind, error=type(error).__name__)
    response = answer(kind)
    response.headers.update(RETRY_AFTER)
    return response


def _clock_off(_error: ClockOff) -> Response:
    detail = (
        "This server's clock is wrong, so nothing was looked at nor written: repeat the request"
        " shortly."
    )
    response = problem(503, "clock_off", detail)
    response.headers.update(RETRY_AFTER)
    return response


def unexpected(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return problem(
        500,
        "internal_error",
        "This is our fault: tell us the request_id, and repeat the request later.",
    )


def problem(
    status: int, code: str, detail: str, *, field: str | None = None, **members: Any
) -> Response:
    document: dict[str, Any] = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if field is not None:
        document["field"] = field
    document |= members | {"request_id": g.get("request_id")}
    parts().refusals.tell(code, members.get("reason"))
    return Response(orjson.dumps(document), status, mimetype=PROBLEM)
