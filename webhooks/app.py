"""The web process: `create_app()` for gunicorn, `create_app(runtime)` for whoever has a runtime."""

import re
import secrets

import structlog
from apiflask import APIFlask
from flask import Response, g, request

from webhooks import errors, openapi, ops, pages, routes
from webhooks.keyring import KeyRing
from webhooks.metrics import Metrics
from webhooks.reading import BODY_CAP, Json, Request
from webhooks.refusals import Refusals
from webhooks.shelf import Shelf
from webhooks.wiring import EXTENSION, Parts, parts, runtime
from workers import logs, telemetry, tracing
from workers.bootstrap import Runtime, bootstrap
from workers.settings import Settings

__all__ = ["create_app", "runtime"]

REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Nothing is loaded but our own style sheet, nothing is sent, and nobody frames us.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def create_app(runtime: Runtime | None = None) -> APIFlask:
    """The app over this runtime; over one from the environment when there is none. Connects to nothing yet."""
    runtime = runtime or _from_environment()
    app = APIFlask(__name__, title="coachcal", version=openapi.VERSION, json_errors=False, docs_path=None)
    app.request_class = Request
    app.json = Json(app)
    app.config["MAX_CONTENT_LENGTH"] = BODY_CAP
    services, metrics = runtime.services, Metrics(runtime.services)
    app.extensions[EXTENSION] = Parts(
        runtime, KeyRing(services), metrics, Refusals(services, metrics.refusals), Shelf()
    )
    app.before_request(_begin)
    app.after_request(_end)
    errors.register(app)
    openapi.configure(app, runtime.settings.base_url)
    routes.register(app, openapi.describe)
    ops.register(app)
    pages.register(app)
    if tracing.on():
        app.wsgi_app = tracing.requests(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it
    return app


def _from_environment() -> Runtime:
    settings = Settings.load()
    telemetry.start(settings)
    logs.configure(settings.log_level, telemetry.report)
    return bootstrap(settings)


def _begin() -> None:
    """Every log line of a request carries its id; a caller may bring one along."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    headers = response.headers
    for name, value in HEADERS.items():
        headers.setdefault(name, value)  # pages have a policy of their own
    if runtime().settings.public_url.scheme == "https":
        headers.extend(HSTS)
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Request-ID"] = g.request_id
    route = request.url_rule.rule if request.url_rule else "none"
    parts().metrics.requests.labels(route, response.status_code).inc()
    parts().refusals.keep(response)
    named = f"{request.method} {route}" if request.url_rule else None  # any word may stand where a method should
    tracing.tell(name=named, status=response.status_code, request_id=g.request_id)
    return response
