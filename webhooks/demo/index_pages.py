"""The demo's index in a browser: where a newcomer begins. It says what runs and what to try, and
its links make a fresh guest link at each click.
"""

from flask import Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response as AnyResponse

from webhooks.demo.index import Index
from webhooks.demo.postbox_pages import HEADERS
from webhooks.demo.processes import StepFailed
from workers.design import STATIC

EXTENSION = "index"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
OURS = ("same-origin", "none", None)
"""What a browser says of a click on our own page, of a typed address, and what others say."""


def create_app(index: Index) -> Flask:
    """The pages over an index."""
    app = Flask(__name__, static_folder=STATIC)
    # No page of somebody else's whose name was rebound to this machine may make links or read them.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.extensions[EXTENSION] = index
    app.add_url_rule("/", view_func=front)
    rule = "/as/<any(participant, coach, settings):viewer>/<coach_id>"
    app.add_url_rule(rule, view_func=enter)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Forbidden, _forbidden)
    app.register_error_handler(StepFailed, _failed)
    app.after_request(_guarded)
    return app


def front() -> str:
    """GET /"""
    index = _index()
    parts = index.parts()
    down = [part.name for part in parts if part.trouble]
    return render_template(
        "index/front.html",
        coaches=index.coaches,
        parts=parts,
        down=down,
        stage=index.stage,
    )


def enter(viewer: str, coach_id: str) -> AnyResponse:
    """GET /as/{viewer}/{coach_id}: through a fresh link to the page of that viewer."""
    # Each call is a row in the product's database: no page of somebody else's may make them.
    if request.headers.get("Sec-Fetch-Site") not in OURS:
        raise Forbidden("A page of somebody else's led here. Begin at the index, and click there.")
    index = _index()
    if coach_id not in [person.id for person in index.coaches]:
        raise NotFound("No coach of that name plays in this demo.")
    return redirect(index.link(coach_id, viewer), 303)


def _index() -> Index:
    index: Index = current_app.extensions[EXTENSION]
    return index


def _not_found(error: NotFound) -> tuple[str, int]:
    return _problem("There is nothing here", error.description or "", 404)


def _forbidden(error: Forbidden) -> tuple[str, int]:
    return _problem("Not from there", error.description or "", 403)


def _failed(error: StepFailed) -> tuple[str, int]:
    return _problem("This page cannot be opened now", str(error), 503)


def _problem(heading: str, problem: str, status: int) -> tuple[str, int]:
    return render_template("index/problem.html", heading=heading, problem=problem), status


def _guarded(response: Response) -> Response:
    response.headers.extend(HEADERS)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response
