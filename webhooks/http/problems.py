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

from collections.abc import Mapping
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
from webhooks.http.context import parts
from webhooks.http.limits import LIMITED
from workers.skew import ClockOff

log = structlog.get_logger()

PROBLEM = "application/problem+json"
RETRY_AFTER = {"Retry-After": "2"}
MOST_TOLD = 100
"""Flaws of one request, of each of which we say where it is and what to do."""

# Codes never change once published. The domain adds its own for the rules that it checks: they are
# all 422.
CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read."),
    "idempotency_key_required": (400, "This write needs an Idempotency-Key."),
    "malformed_json": (400, "The body is not JSON."),
    "malformed_notification": (400, "The body is signed, but is no notification of Cronofy's."),
    "key_missing": (401, "No API key was sent."),
    "key_unknown": (401, "The API key is unknown, expired or revoked."),
    "signature_invalid": (401, "The push carries no signature by a secret that we hold."),
    "scope_missing": (403, "The API key lacks the scope."),
    "unknown_path": (404, "There is nothing at this path."),
    "unknown_coach": (404, "There is no such coach."),
    "unknown_session": (404, "There is no such session."),
    "unknown_pod": (404, "There is no such pod."),
    "unknown_booking": (404, "There is no such booking."),
    "unknown_hold": (404, "There is no such hold, or it has ended."),
    "unknown_participant": (404, "The session has no such participant."),
    "unknown_mail_text": (404, "Nothing is set for this kind of mail here."),
    "unknown_withheld_address": (404, "The address is not withheld, or not any more."),
    "unknown_connection": (404, "The coach has no such connection."),
    "unknown_channel": (404, "No channel has this token."),
    "method_not_allowed": (405, "The path is right, the method is not."),
    "too_slow": (408, "The request took too long to come in."),
    "stale_version": (
        409,
        "The coach, booking or pod changed since it was read; `current` is its version now.",
    ),
    "slot_not_open": (
        409,
        "The time cannot be booked; `reason` says why, and `nearest` what can be.",
    ),
    "seats_full": (409, "The pod is full; `nearest` and `pods` say what is not."),
    "seats_taken": (409, "More seats are taken than the pod would have."),
    "already_seated": (409, "The participant has a seat in the pod already."),
    "format_forbids": (409, "The pod's `format` does not let this participant do that."),
    "booking_ended": (409, "The booking was cancelled, or its session is over; it never revives."),
    "pod_ended": (409, "The pod was called off."),
    "already_begun": (409, "The session has begun."),
    "not_begun": (409, "The session has not begun."),
    "nobody_seated": (409, "Nobody had a seat in the session."),
    "hold_of_another_time": (409, "The hold keeps another time than the one to be booked."),
    "seat_has_no_time": (409, "A seat in a pod moves to another pod, not to another time."),
    "not_a_pod": (409, "A 1:1 session moves to another time, not to a pod."),
    "import_refused": (
        409,
        "A row of the import is red; `rows` tells which, and nothing was imported.",
    ),
    "import_partial": (409, "A row became red while the others were made; `rows` tells which."),
    "mail_not_fitting": (
        409,
        "The mail is not true of the booking as it is; `fitting` names those that are.",
    ),
    "body_too_large": (413, "The body is over the cap."),
    "wrong_content_type": (
        415,
        "The body must be application/json; that of an import CSV or XLSX.",
    ),
    "missing": (422, "A field is missing."),
    "unknown_field": (422, "There is no such field."),
    "wrong_type": (422, "A value of another type is needed."),
    "out_of_range": (422, "A number is too small or too large."),
    "too_many": (422, "A list or a text is too long, or too short."),
    "unknown_word": (422, "The value is none of the words known here."),
    "invalid_value": (422, "The value breaks a rule told in `detail`."),
    "not_an_address": (422, "The value is no mail address."),
    "invalid_id": (422, "An id in the path has characters that no id has."),
    "invalid_instant": (422, "Neither a date nor an instant with an offset."),
    "reversed_range": (422, "The range ends before it begins, or where it begins."),
    "range_too_long": (422, "The range is longer than 92 days."),
    "idempotency_key_reused": (422, "The Idempotency-Key belongs to another request."),
    "link_too_long": (422, "The link would be longer than browsers and proxies take."),
    "min_over_max": (422, "A pod cannot have fewer seats than it needs."),
    "deadline_after_start": (422, "A deadline lies after its pod begins."),
    "start_or_pod": (422, "Either a start or a pod_id is needed, not both."),
    "time_or_pod": (422, "A seat in a pod has no time of its own."),
    "duration_required": (422, "The coach offers several durations: name one."),
    "file_refused": (422, "The file is no table of the kind that is imported, or could harm us."),
    "unknown_calendar": (422, "The connection has no such calendar."),
    "calendar_read_only": (422, "The calendar takes no events, so it cannot receive sessions."),
    "head_too_large": (
        431,
        "The path, or the header fields together, are too long (414 for the path).",
    ),
    "rate_limited": (429, "Too many requests; Retry-After says for how long to wait."),
    "internal_error": (500, "Our fault; it was logged under the request id."),
    "clock_off": (503, "This server's clock is wrong; nothing was written."),
    "database_away": (503, "The database is away, or did not answer in time."),
    "database_read_only": (503, "The database cannot be written for the moment."),
    "busy": (503, "Somebody else is at it, and did not let go in time."),
}

# What pydantic calls it -> what we do. The rest is an invalid_value.
PYDANTIC = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "literal_error": "unknown_word",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "too_long": "too_many",
    "too_short": "too_many",
    "string_too_long": "too_many",
    "string_too_short": "too_many",
}
NEXT_STEPS = {
    "missing": "Send {field}.",
    "unknown_field": "Leave {field} out: there is no such field here (/docs lists them).",
}
HTTP_CODES = {
    404: "unknown_path",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "wrong_content_type",
    429: LIMITED,
}
HTTP_DETAILS = {
    404: "There is nothing at this path; /docs lists every path.",
    405: "This path answers other methods, see Allow.",
    413: "Send a smaller body: at most 64 kB for a push and 256 kB elsewhere.",
    429: (
        "Wait as long as Retry-After says, then repeat the request, with the same"
        " Idempotency-Key if it had one."
    ),
}

UNREAD = {
    400: "bad_request",
    408: "too_slow",
    414: "head_too_large",
    431: "head_too_large",
    503: "busy",
}
"""Of requests that no view saw."""

AGAIN = "repeat the request shortly, with the same Idempotency-Key if it had one."
BUSY = ("busy", f"Too many want the same thing at once and nothing was written: {AGAIN}")
OUT: dict[Kind, tuple[str, str]] = {
    "away": ("database_away", f"The database is away for the moment: {AGAIN}"),
    "read_only": ("database_read_only", f"The database cannot be written for the moment: {AGAIN}"),
    "busy": BUSY,
    "again": BUSY,
}


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
        app.register_error_handler(away, _unavailable)
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
    return problem(409, "stale_version", detail, field="version", current=error.current)


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
    # Not all of them: an unknown name costs its sender eight characters, and us a hundred and
    # fifty.
    found = [
        _flaw(each) for each in error.errors(include_url=False, include_context=False)[:MOST_TOLD]
    ]
    first = found[0]
    more = {"errors": found} if len(found) > 1 else {}
    return problem(422, first["code"], first["detail"], field=first["field"], **more)


def _flaw(error: ErrorDetails) -> dict[str, str]:
    field = _path(error["loc"]) or "body"
    kind = error["type"]
    code = (
        kind
        if kind in CODES
        else PYDANTIC.get(kind) or ("wrong_type" if _is_type(kind) else "invalid_value")
    )
    detail = NEXT_STEPS.get(code, "{message}.").format(
        field=field, message=error["msg"].rstrip(".")
    )
    return {"field": field, "code": code, "detail": detail}


def _is_type(kind: str) -> bool:
    return kind.endswith(("_type", "_parsing", "_from_float"))


def _path(loc: tuple[int | str, ...]) -> str:
    """("hours", "mon", 0) -> hours.mon[0], as the domain writes it."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc
    ).removeprefix(".")


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
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name != "Content-Type"
    )
    return response


def _unavailable(error: Exception) -> Response:
    kind = kind_of(error)
    if kind == "defect":
        return unexpected(error)
    if not isinstance(getattr(error, "orig", None), Probed):
        log.warning("database_failed_a_request", kind=kind, error=type(error).__name__)
    code, detail = OUT[kind]
    response = problem(503, code, detail)
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
    told: dict[str, Any] = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if field is not None:
        told["field"] = field
    told |= members | {"request_id": g.get("request_id")}
    parts().refusals.tell(code, members.get("reason"))
    return Response(orjson.dumps(told), status, mimetype=PROBLEM)
