"""The ops dashboard at /ops: every route on one page, and what each answer of it carries.

Server-rendered; htmx asks again for the live part every two seconds. No page shows a title, a
token, an address or what a mail says; the export of a person is a file, and takes a scope of its
own.
"""

from functools import partial
from http import HTTPStatus

from apiflask import APIBlueprint
from flask import Flask, Response, g, render_template
from werkzeug.exceptions import HTTPException

from storage.schema.outages import Kind, Unavailable
from webhooks.http import page_security
from webhooks.http.limits import LIMITED
from webhooks.http.problems import unavailable
from webhooks.ops import (
    actions,
    causes,
    dry_looks,
    endpoints,
    finding,
    formats,
    histories,
    oidc_logins,
    ops_sessions,
    overlaps,
    pages,
    pauses,
    people,
    refresh_diff,
    remedies,
    storms,
    withheld_addresses,
)

NAME = "ops"

# fmt: off
ROUTES = (
    ("GET", "", pages.overview),
    ("GET", "/live", pages.overview_live),
    ("GET", "/plots", pages.plotted),
    ("GET", "/storm", storms.storm),
    ("GET", "/storm/live", storms.storm_live),
    ("GET", "/find", finding.find),
    ("GET", "/bookings/<booking_id>", histories.booking_history),
    ("GET", "/sessions/<session_id>", histories.session_history),
    ("GET", "/requests/<request_id>", histories.request_history),
    ("GET", "/coaches/<coach_id>/history", histories.coach_history),
    ("GET", "/outbox", pages.messages_in),
    ("GET", "/outbox/<outbox_id>", pages.message),
    ("GET", "/outbox/<outbox_id>/live", pages.message_live),
    ("POST", "/outbox/<outbox_id>/requeue", actions.requeue),
    ("POST", "/outbox/<outbox_id>/discard", actions.discard),
    ("POST", "/outbox/<outbox_id>/retry", actions.retry),
    ("POST", "/outbox/<outbox_id>/withhold", actions.withhold),
    ("GET", "/causes", causes.causes_list),
    ("GET", "/causes/live", causes.causes_live),
    ("POST", "/causes/<cause_id>/<action>", causes.put_right),
    ("POST", "/deeds/<deed_id>/stop", causes.stop),
    ("GET", "/coaches/<coach_id>", pages.coach),
    ("GET", "/coaches/<coach_id>/live", pages.coach_live),
    ("POST", "/coaches/<coach_id>/refresh", refresh_diff.refresh),
    ("POST", "/coaches/<coach_id>/difference", refresh_diff.difference),
    ("POST", "/coaches/<coach_id>/look", dry_looks.look),
    ("POST", "/coaches/<coach_id>/looked", dry_looks.looked),
    ("GET", "/people/<person_id>", people.person),
    ("POST", "/people/<person_id>/export", people.export_person),
    ("POST", "/people/<person_id>/erase", people.erase_person),
    ("POST", "/coaches/<coach_id>/ask", remedies.ask),
    ("POST", "/hurry/<kind>", remedies.hurry),
    ("GET", "/withheld", withheld_addresses.withheld_list),
    ("GET", "/withheld/live", withheld_addresses.withheld_live),
    ("POST", "/withheld/release", withheld_addresses.release),
    ("GET", "/overlaps", overlaps.overlapping),
    ("GET", "/pauses", pauses.paused_list),
    ("POST", "/pauses", pauses.pause),
    ("POST", "/pauses/resume", pauses.resume),
    ("GET", "/endpoints", endpoints.endpoints_list),
    ("GET", "/endpoints/live", endpoints.endpoints_live),
    ("POST", "/endpoints/<endpoint_id>/<action>", endpoints.endpoint_deed),
    ("GET", "/refusals", pages.refused),
    ("GET", "/audit", pages.audit),
    ("GET", "/login", ops_sessions.login_form),
    ("POST", "/login", ops_sessions.login),
    ("GET", "/oidc/login", oidc_logins.oidc_begin),
    ("GET", "/oidc/callback", oidc_logins.oidc_finish),
    ("POST", "/logout", ops_sessions.logout),
)
# fmt: on


def register(app: Flask) -> None:
    pages_of_ops = APIBlueprint(
        NAME,
        __name__,
        url_prefix="/ops",
        template_folder="templates",
        static_folder="static",
        enable_openapi=False,
    )
    for method, path, view in ROUTES:
        pages_of_ops.add_url_rule(path, view.__name__, view, methods=[method])
    pages_of_ops.before_request(ops_sessions.admit)
    pages_of_ops.after_request(_guarded)
    pages_of_ops.context_processor(ops_sessions.known)
    pages_of_ops.register_error_handler(HTTPException, _problem)
    for away in Unavailable:
        pages_of_ops.register_error_handler(away, partial(unavailable, answer=_out))
    for name, said in formats.FILTERS.items():
        app.add_template_filter(said, f"ops_{name}")
    app.register_blueprint(pages_of_ops)


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = page_security.policy()
    response.headers["Referrer-Policy"] = page_security.REFERRER
    return response


def _problem(error: HTTPException) -> Response:
    if error.response is not None:
        return error.get_response()  # type: ignore[return-value]  # ours: a redirect of `ops_sessions.admit`
    detail = error.description or ""
    if detail == LIMITED:
        detail = TOO_MANY
    return _said(error.code or 500, detail)


def _out(kind: Kind) -> Response:
    return _said(503, f"{OUT[kind]} This page asks again by itself; look before you repeat a deed.")


TOO_MANY = "Too much was asked from where you are. Nothing was done: wait a minute, then repeat it."
OUT: dict[Kind, str] = {
    "away": "The database is away.",
    "read_only": "The database cannot be written.",
    "busy": "Somebody else is at it, and did not let go in time.",
    "again": "Somebody else was at it at the same moment.",
}


def _said(status: int, detail: str) -> Response:
    page = render_template(
        "ops/problem.html",
        heading=HTTPStatus(status).phrase,
        detail=detail,
        code=g.get("refusal_code"),
    )
    return Response(page, status)
