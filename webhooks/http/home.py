"""What a person sees who comes without a link: a page at `/`, one for what is not there, and the
tab's symbol.

Programs that ask for nothing in particular, or for JSON, are answered as before.
"""

from apiflask import APIBlueprint
from flask import Flask, Response, render_template, request, send_from_directory
from werkzeug.exceptions import NotFound

from webhooks.http.page_security import policy
from workers.design import STATIC

ICON = "favicon.svg"


def register(app: Flask) -> None:
    front = APIBlueprint("front", __name__, enable_openapi=False)
    front.add_url_rule("/", "index", index)
    front.add_url_rule("/favicon.ico", "icon", icon)
    app.register_blueprint(front)


def index() -> Response:
    """GET /"""
    if not wants_a_page():
        raise NotFound
    return _page("front.html", 200)


def icon() -> Response:
    """GET /favicon.ico, as browsers ask unasked; pages name it themselves."""
    response = send_from_directory(STATIC, ICON, max_age=86_400)
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def wants_a_page() -> bool:
    """A browser names HTML; curl and clients name JSON or take whatever comes."""
    accepted = request.accept_mimetypes
    named = any(kind.lower() == "text/html" and quality > 0 for kind, quality in accepted)
    return named and accepted["text/html"] >= accepted["application/json"]


def not_found() -> Response:
    return _page("not_found.html", 404)


def _page(name: str, status: int) -> Response:
    response = Response(render_template(name), status)
    response.headers["Content-Security-Policy"] = policy()
    response.vary.add("Accept")
    return response
