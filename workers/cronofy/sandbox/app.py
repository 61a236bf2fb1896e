"""The sandbox as a Flask app:
every route on one page, refusals in the protocol's way, one lock around each view.
"""

import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from workers.cronofy.sandbox import (
    calendars,
    conferencing,
    conferencing_pages,
    control_faults,
    control_people,
    fault_injection,
    identity,
    oauth,
    pages,
)
from workers.cronofy.sandbox.errors import ControlError, ProtocolError
from workers.cronofy.sandbox.responses import answer, current_world, empty, refusal
from workers.cronofy.sandbox.times import utc_text
from workers.cronofy.sandbox.world import World
from workers.design import STATIC

Route = tuple[str, str, Callable[..., ResponseReturnValue]]
LOOPBACK = {"127.0.0.1", "localhost"}
# No form-action: a consent sends the person on to the application, wherever that is.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

PROTOCOL: tuple[Route, ...] = (
    ("GET", "/oauth/authorize", oauth.ask),
    ("POST", "/oauth/authorize", oauth.decide),
    ("POST", "/oauth/token", oauth.token),
    ("POST", "/oauth/token/revoke", oauth.revoke),
    ("GET", "/v1/userinfo", identity.userinfo),
    ("GET", "/v1/account", identity.account),
    ("GET", "/v1/profiles", identity.profiles),
    ("POST", "/v1/profiles/<profile_id>/revoke", identity.revoke_profile),
    ("GET", "/v1/calendars", identity.calendars),
    ("POST", "/v1/calendars", identity.create_calendar),
    ("GET", "/v1/channels", calendars.list_channels),
    ("POST", "/v1/channels", calendars.open_channel),
    ("DELETE", "/v1/channels/<channel_id>", calendars.close_channel),
    ("GET", "/v1/free_busy", calendars.free_busy),
    ("GET", "/v1/free_busy/pages/<page_id>", calendars.free_busy_page),
    ("GET", "/v1/events", calendars.events),
    ("GET", "/v1/events/pages/<page_id>", calendars.events_page),
    ("DELETE", "/v1/events", calendars.delete_events),
    ("POST", "/v1/calendars/<calendar_id>/events", calendars.upsert_event),
    ("DELETE", "/v1/calendars/<calendar_id>/events", calendars.delete_event),
    (
        "POST",
        "/v1/calendars/<calendar_id>/events/<event_uid>/participation_status",
        calendars.participate,
    ),
    ("POST", "/v1/batch", calendars.batch),
    ("POST", "/v1/availability", calendars.availability),
    ("POST", "/v1/conferencing_service_authorizations", conferencing_pages.authorise),
)

CONTROL: tuple[Route, ...] = (
    ("GET", "/sandbox/state", control_faults.show_state),
    ("GET", "/sandbox/calls", control_faults.show_calls),
    ("DELETE", "/sandbox/calls", control_faults.clear_calls),
    ("GET", "/sandbox/deliveries", control_faults.show_deliveries),
    ("POST", "/sandbox/accounts", control_people.create_account),
    ("PATCH", "/sandbox/accounts/<sub>", control_people.change_account),
    ("POST", "/sandbox/accounts/<sub>/grant", control_people.grant),
    ("POST", "/sandbox/accounts/<sub>/expire", control_people.expire_tokens),
    ("POST", "/sandbox/accounts/<sub>/revoke", control_people.revoke_tokens),
    ("POST", "/sandbox/accounts/<sub>/notify", control_people.notify),
    ("POST", "/sandbox/accounts/<sub>/profiles", control_people.create_profile),
    ("POST", "/sandbox/profiles/<profile_id>/calendars", control_people.create_calendar),
    ("POST", "/sandbox/profiles/<profile_id>/break", control_people.break_profile),
    ("POST", "/sandbox/profiles/<profile_id>/relink", control_people.relink_profile),
    ("POST", "/sandbox/profiles/<profile_id>/begin_sync", control_people.begin_sync),
    ("POST", "/sandbox/profiles/<profile_id>/finish_sync", control_people.finish_sync),
    ("PATCH", "/sandbox/calendars/<calendar_id>", control_people.change_calendar),
    ("POST", "/sandbox/calendars/<calendar_id>/import", control_people.import_ics),
    ("POST", "/sandbox/calendars/<calendar_id>/events", control_people.add_event),
    ("PATCH", "/sandbox/events/<event_uid>", control_people.change_event),
    ("DELETE", "/sandbox/events/<event_uid>", control_people.delete_event),
    ("PATCH", "/sandbox/conferencing", conferencing_pages.behave),
    ("POST", "/sandbox/accounts/<sub>/conferencing", conferencing_pages.add_profile),
    ("POST", "/sandbox/conferencing/<profile_id>/break", conferencing_pages.break_profile),
    ("POST", "/sandbox/conferencing/<profile_id>/relink", conferencing_pages.relink_profile),
    ("POST", "/sandbox/events/<event_uid>/reply", control_people.reply_event),
    ("POST", "/sandbox/secrets", control_faults.add_secret),
    ("DELETE", "/sandbox/secrets", control_faults.drop_secret),
    ("POST", "/sandbox/faults", control_faults.order_fault),
    ("DELETE", "/sandbox/faults", control_faults.clear_faults),
    ("PATCH", "/sandbox/pushes", control_faults.switch_pushes),
    ("DELETE", "/sandbox/channels/<channel_id>", control_faults.close_channel),
    ("GET", "/sandbox/clock", control_faults.show_clock),
    ("POST", "/sandbox/clock", control_faults.move_clock),
    ("PATCH", "/sandbox/settings", control_faults.change_settings),
)

PAGES: tuple[Route, ...] = (
    ("GET", "/", pages.home),
    ("POST", "/event", pages.add_event),
    ("POST", "/event/delete", pages.delete_event),
    ("POST", "/event/reply", pages.reply_event),
    ("POST", "/profile/<profile_id>/break", pages.break_profile),
    ("GET", "/relink/<profile_id>", pages.ask_relink),
    ("POST", "/relink/<profile_id>", pages.relink),
    ("GET", "/conferencing/<token>", conferencing_pages.ask),
    ("POST", "/conferencing/<token>", conferencing_pages.connect),
    ("GET", "/conferencing/relink/<profile_id>", conferencing_pages.ask_relink),
    ("POST", "/conferencing/relink/<profile_id>", conferencing_pages.relink),
)


class SandboxApp(Flask):
    """Flask, with the world locked while a view runs.
    Ordered delays happen before that, slow bodies after it.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer one request with the world to itself."""
        world: World = self.extensions["sandbox"]
        # The race: two calls that change the same account, each in a thread of its own. One lock
        # for all of it is enough for one laptop, and no view has to think of it.
        with world.lock:
            world.catch_up()
            conferencing.bring(world)
            return super().dispatch_request()


def create_app(world: World, keep: Callable[[World], None] | None = None) -> Flask:
    """The app over a world. `keep` is called before each answer, and raises ControlError when what
    was done will not outlive this process.
    """
    app = SandboxApp(__name__, static_folder=STATIC)
    app.extensions["sandbox"] = world
    for method, rule, view in (*PROTOCOL, *CONTROL, *PAGES):
        app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    if keep is not None:
        # Registered before the others: those run backwards, and this one comes last.
        app.after_request(partial(_kept, keep))
    app.before_request(_begin)
    app.before_request(_guard)
    app.before_request(fault_injection.before)
    app.after_request(fault_injection.after)
    app.after_request(_log)
    app.after_request(_confined)
    app.register_error_handler(ProtocolError, _refusal)
    app.register_error_handler(ControlError, _control_refusal)
    app.register_error_handler(HTTPException, _http_refusal)
    return app


def _kept(keep: Callable[[World], None], response: Response) -> Response:
    """Nothing is answered that a restart would forget."""
    try:
        keep(current_world())
    except ControlError as error:
        return _control_refusal(error)
    return response


def _begin() -> None:
    g.begun = time.perf_counter()


def _guard() -> Response | None:
    """Only this laptop: no name that was rebound to it, and no web page of somebody else."""
    source = request.headers.get("Origin")
    theirs = source is not None and source != request.host_url.rstrip("/")
    # DNS rebinding: a name of somebody else's that came to point at this machine. The browser sends
    # that name as the host.
    rebound = urlsplit(request.host_url).hostname not in LOOPBACK
    # The imitated API is guarded by its tokens, whoever calls.
    if rebound or (theirs and not fault_injection.imitated(request.path)):
        error = f"the sandbox answers its own pages on loopback only, not {source or request.host}"
        return answer({"error": error}, 403)
    return None


def _log(response: Response) -> Response:
    if not fault_injection.imitated(request.path):
        return response
    route = request.path
    if request.url_rule is not None:
        route = request.url_rule.rule
    world = current_world()
    # Neither headers nor bodies: those hold tokens and what people wrote.
    world.traffic.add(
        {
            "at": utc_text(world.clock.now()),
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode("latin-1"),
            "route": route,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.begun) * 1000, 1),
        }
    )
    return response


def _refusal(error: ProtocolError) -> Response:
    """In the protocol's way for its own paths; for ours, in words."""
    if fault_injection.imitated(request.path):
        return refusal(error)
    reason = (
        error.body
        or "no such account, profile or calendar: GET /sandbox/state lists those that there are"
    )
    return _said(f"{request.method} {request.path}: {reason}", error.status)


def _control_refusal(error: ControlError) -> Response:
    return _said(str(error), error.status)


def _said(problem: str, status: int) -> Response:
    """To a person as a page, to a script as JSON."""
    if request.accept_mimetypes.best == "text/html":
        return Response(render_template("problem.html", problem=problem), status)
    return answer({"error": problem}, status)


def _confined(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _http_refusal(error: HTTPException) -> Response:
    """What the protocol does not have, a wrong method too, is 404 and empty."""
    status = error.code or 500
    if request.path.startswith("/sandbox/"):
        return answer({"error": f"{request.method} {request.path}: {error.description}"}, status)
    if status == 405:
        status = 404
    if not fault_injection.imitated(request.path) and request.accept_mimetypes.best == "text/html":
        return _said(f"There is nothing at {request.path}.", status)
    return empty(status)
