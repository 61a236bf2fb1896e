"""The pages that people use, each reached by a signed link: a coach's settings, and bookings with a
coach.

Server-rendered, and whole without a script; a script makes them live. Each page's routes stand in
its own module.
"""

from functools import partial
from http import HTTPStatus

from apiflask import APIBlueprint
from flask import Flask, Response, render_template
from werkzeug.exceptions import HTTPException

from domain.errors import Invalid
from domain.sessions import Unknown
from storage.schema.outages import Kind, Unavailable
from webhooks.http import page_sessions
from webhooks.http.context import parts
from webhooks.http.problems import unavailable
from webhooks.http.translations import say
from webhooks.pages import (
    assets,
    booking,
    booking_actions,
    changes,
    consent,
    formats,
    groups,
    kept,
    links,
    more_conferencing,
    more_settings,
    own_feeds,
    settings,
    settings_calendars,
    zones,
)

NAME = "pages"
ROUTES = (
    ("GET", "/p/<token>", links.redeem),
    *booking.ROUTES,
    *groups.ROUTES,
    *booking_actions.ROUTES,
    *changes.ROUTES,
    *kept.ROUTES,
    *own_feeds.ROUTES,
    *settings.ROUTES,
    *settings_calendars.ROUTES,
    *more_conferencing.ROUTES,
    *more_settings.ROUTES,
    *consent.ROUTES,
    *zones.ROUTES,
)


def register(app: Flask) -> None:
    pages = APIBlueprint(
        NAME,
        __name__,
        template_folder="templates",
        enable_openapi=False,
    )
    pages.add_url_rule("/pages/static/<filename>", "static", assets.asset)
    for method, path, view in ROUTES:
        pages.add_url_rule(path, view.__name__, view, methods=[method])
    pages.before_request(page_sessions.admit)
    pages.after_request(page_sessions.guard)
    pages.context_processor(page_sessions.known)
    pages.register_error_handler(HTTPException, _problem)
    pages.register_error_handler(Unknown, _unknown)
    pages.register_error_handler(Invalid, _invalid)
    for away in Unavailable:
        pages.register_error_handler(away, partial(unavailable, answer=_out))
    for name, said in formats.FILTERS.items():
        app.add_template_filter(said, f"page_{name}")
    app.add_template_global(changes.unsettled)
    app.register_blueprint(pages)


def _problem(error: HTTPException) -> Response:
    return _said(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or "")


def _unknown(_error: Unknown) -> Response:
    return _said(HTTPStatus.NOT_FOUND, "not_here")


def _invalid(error: Invalid) -> Response:
    return _said(HTTPStatus.UNPROCESSABLE_ENTITY, error.code)


def _out(kind: Kind) -> Response:
    key = "away"
    if kind in ("busy", "again"):
        key = "busy"
    return _said(HTTPStatus.SERVICE_UNAVAILABLE, key)


def _said(status: int, key: str) -> Response:
    """A plain page: `key` is of our words, or another's sentence, which is not shown."""
    tongue = page_sessions.language()
    try:
        detail = say(tongue, f"problem_{key}")
    except KeyError:
        key = "not_understood"
        if status == HTTPStatus.NOT_FOUND:
            key = "not_here"
        detail = say(tongue, f"problem_{key}")
    parts().refusals.tell(key)
    over = key == "session_over"
    return Response(render_template("pages/problem.html", detail=detail, over=over), status)
