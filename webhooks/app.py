"""The web process: `create_app()` for gunicorn, `create_app(runtime)` for whoever has a runtime."""

from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from apiflask import APIFlask
from flask import Response, g, request

from storage.schema import deadlines, doorways
from webhooks import ops, pages
from webhooks.api import conferencing, health, notifications, openapi, routes, slots
from webhooks.front.kinds import KINDS
from webhooks.front.streams import StreamPlaces
from webhooks.http import codes, home, limited, limits, problems, versions
from webhooks.http.api_key_cache import ApiKeyCache
from webhooks.http.context import EXTENSION, FastPath, Parts, RawAnswer, parts
from webhooks.http.late_pushes import LatePushes
from webhooks.http.limits import RequestLimits
from webhooks.http.metrics import Metrics
from webhooks.http.refusal_log import Refusals
from webhooks.http.request_ids import HEADER as REQUEST_ID
from webhooks.http.request_ids import request_id
from webhooks.http.requests import BODY_CAP, CappedRequest, Json
from webhooks.http.response_cache import ResponseCache
from webhooks.http.shared_looks import SharedLook
from webhooks.version import version
from workers import logs, telemetry, tracing
from workers.bootstrap import Runtime, bootstrap
from workers.design import STATIC
from workers.limits import Limiter
from workers.oidc import logins_of
from workers.settings import Settings

LOAD_OURS = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)
MOST_STREAMS = 2
"""Of the threads that answer, how many may send a whole list at once; one to each client."""
STORM_SECONDS = 2.0
"""So old may the look at the storm be that all of ops share."""
OWED_SECONDS = 10.0
"""The same of how much endpoints are owed: to count a million takes a while."""
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # Nothing is loaded but our own style sheet, nothing is sent, and nobody frames us.
    ("Content-Security-Policy", f"{LOAD_OURS}; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
# For all that a request asks of the database; Cronofy waits 5 s for a push.
REQUEST_SECONDS, PUSH_SECONDS = 5.0, 4.0
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


class App(APIFlask):
    """`always`: the headers of every answer that does not bring its own, as pages do. `in_passing`:
    what answers the two kinds of request that there are most of, where it can, before Flask looks
    at them. `prompt`: what is answered without the database, Redis or anybody else, whoever waits
    for those.
    """

    request_class = CappedRequest
    always: tuple[tuple[str, str], ...] = HEADERS
    in_passing: tuple[FastPath, ...] = ()
    prompt = frozenset({health.PATH})

    def wsgi_app(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # Here and not in `after_request`, where werkzeug would look at each of them three times:
        # that was a tenth of a push.
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            there = {name.lower() for name, _ in headers}
            of_request = limits.headers(environ) + versions.headers(environ)
            more = [header for header in self.always if header[0].lower() not in there]
            return start_response(status, headers + more + of_request, *error)

        seconds = REQUEST_SECONDS
        if environ["PATH_INFO"].startswith((notifications.PLACE, conferencing.PLACE)):
            seconds = PUSH_SECONDS
        deadlines.begin(seconds)
        try:
            for look in self.in_passing:
                if (passing := look(environ)) is not None:
                    status, headers, body = passing
                    start(status, [*headers, (REQUEST_ID, request_id(environ))])
                    return [body]
            answer: Iterable[bytes] = super().wsgi_app(environ, start)
        finally:
            deadlines.end()
        return answer

    def unread(self, kind: str, environ: dict[str, Any]) -> RawAnswer:
        """The refusal of a request that the server could not read, did not want to, or failed at
        (`environ` as far as it was read); it is counted by its kind.
        """
        status, detail = KINDS[kind]
        document = {
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": codes.UNREAD[status],
            "detail": detail,
        }
        ours: Parts = self.extensions[EXTENSION]
        ours.metrics.unread.labels(kind).inc()
        named = request_id(environ)
        headers = [*self.always, ("Content-Type", problems.PROBLEM), (REQUEST_ID, named)]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers += problems.RETRY_AFTER.items()
        return (
            f"{status} {HTTPStatus(status).phrase}",
            headers,
            orjson.dumps(document | {"request_id": named}),
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func  # none of ours is async: nothing to look for at every call


def create_app(runtime: Runtime | None = None) -> APIFlask:
    """The app over this runtime; over one from the environment when there is none. Connects to
    nothing yet.
    """
    app = serve(bare_app(), runtime or _from_environment())
    if tracing.on():
        app.wsgi_app = tracing.requests(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it
    return app


def bare_app() -> App:
    """Every route, page and answer to an error, and no runtime yet: nearly all of the work of
    making an app, and the same for every runtime.
    """
    app = App(
        __name__,
        title="coachcal",
        version=version(),
        json_errors=False,
        docs_path=None,
        static_folder=str(STATIC),
    )
    app.json = Json(app)
    app.config["MAX_CONTENT_LENGTH"] = BODY_CAP
    app.before_request(_begin)
    app.after_request(_end)
    problems.register(app)
    openapi.configure(app)
    routes.register(app, openapi.describe)
    home.register(app)
    ops.register(app)
    pages.register(app)
    return app


def serve(app: App, runtime: Runtime) -> App:
    """This app over this runtime. Whatever it served before is forgotten."""
    services, metrics = runtime.services, Metrics(runtime.services)
    quotas = RequestLimits(
        runtime.settings, Limiter(services.redis, services.breaker), metrics.limited
    )
    ours = Parts(
        runtime=runtime,
        api_keys=ApiKeyCache(services),
        metrics=metrics,
        refusals=Refusals(services, metrics.refusals),
        response_cache=ResponseCache(),
        limits=quotas,
        streams=StreamPlaces(MOST_STREAMS),
        storm=SharedLook(STORM_SECONDS),
        manual=SharedLook(float("inf")),
        owed=SharedLook(OWED_SECONDS),
        late_pushes=LatePushes(services.database, partial(notifications.make_up, runtime)),
        logins=logins_of(runtime.settings),
    )
    app.extensions[EXTENSION] = ours
    app.always = HEADERS
    if runtime.settings.public_url.scheme == "https":
        app.always = (*HEADERS, HSTS)
    app.config["SERVERS"] = [{"url": runtime.settings.base_url}]
    app.jinja_env.globals["support"] = runtime.settings.supporter
    app.in_passing = (
        notifications.in_passing(ours),
        slots.in_passing(ours),
        limited.in_passing(ours),
    )
    return app


def _from_environment() -> Runtime:
    settings = Settings.load()
    telemetry.start(settings)
    logs.configure(settings.log_level, telemetry.report)
    return bootstrap(settings)


def _begin() -> Response | None:
    """Every log line of a request carries its id. Who asks without a key is counted by their
    address.

    What is for the inside is not there for who comes in by the public port.
    """
    g.request_id = request_id(request.environ)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    doorways.begin(request_id=g.request_id)
    of_pages = request.blueprint in (ops.NAME, pages.NAME)
    if not of_pages and request.endpoint not in routes.COUNTED_ELSEWHERE:
        parts().limits.admit(request.environ)
    if not _may_see():
        return problems.problem(404, "unknown_path", codes.HTTP_DETAILS[404])
    return None


def _may_see() -> bool:
    port = parts().runtime.settings.internal_port
    ops_are_inside = request.blueprint == ops.NAME and port is not None
    if not ops_are_inside and request.endpoint != health.METRICS:
        return True
    return bool(request.environ["SERVER_PORT"] == str(port))


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID] = g.request_id
    if response.status_code == HTTPStatus.NO_CONTENT:
        response.headers.pop("Content-Type", None)  # of nothing
    route, named = "none", None
    # Only where there is a route: any word may stand where a method should.
    if request.url_rule is not None:
        route = request.url_rule.rule
        named = f"{request.method} {route}"
    parts().metrics.requests.labels(route, response.status_code).inc()
    parts().refusals.keep(response)
    tracing.tell(name=named, status=response.status_code, request_id=g.request_id)
    return response
