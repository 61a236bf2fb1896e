"""Cronofy's pushes: verify, mark, wake, answer. A 2xx is the promise of a read that starts after
this push.

Nothing here is slow or depends on Redis: what cannot be woken now, the sweeper wakes. Bodies are
never logged.
"""

from io import BytesIO
from typing import Any, cast

import flask
from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from storage.rows import channels, push_marks
from storage.schema.outages import Unavailable, run_again_once
from webhooks.http.context import FastPath, Parts, RawAnswer, parts
from webhooks.http.limits import LIMITED
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import PUSH_CAP, USUAL, CappedRequest
from workers import tracing
from workers.bootstrap import Runtime
from workers.cronofy import signature
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import NOTIFICATIONS, Notification, read_notification

PLACE = "/webhooks/cronofy/"
PATH = f"{PLACE}<channel_token>"
HEADER = f"HTTP_{signature.HEADER.upper().replace('-', '_')}"
ACCEPTED: RawAnswer = ("204 NO CONTENT", [], b"")
SEEN = "coachcal.push"  # no header of a client's can have this name
DIGITS = 6

# What each kind of push owes its connection. The other kinds, those of the future too, owe nothing.
OWED: dict[str, dict[str, bool]] = {
    "change": {},
    "profile_disconnected": {"userinfo": True},
    "profile_initial_sync_completed": {"userinfo": True},
    "conferencing_profile_disconnected": {"userinfo": True},
    "gdpr_requested": {"erase": True},
}


def receive(channel_token: str) -> Response:
    """Take a push notification of Cronofy's.

    Answered with 204 once the read that it asks for is written down as owed; with 503 when it could
    not be, so that Cronofy sends it again. Replays, repeats and any order are harmless. A kind that
    we do not know is accepted.
    """
    ours = parts()
    outcome = "failed"
    try:
        outcome = _take(channels.channel_hash(channel_token), ours)
    except RefusedRequest as refusal:
        outcome = refusal.code
        raise
    except TooManyRequests:
        outcome = LIMITED
        raise
    finally:
        ours.metrics.pushes.labels(outcome).inc()
    return Response(status=204)


def in_passing(ours: Parts) -> FastPath:
    """Accepts a request that is just another push of a storm: a change of a calendar whose next
    read is owed already.

    All that such a push takes is its signature and one look into the database, and nearly all
    pushes of a storm are such; Flask around it would be two thirds of the work. Any other request
    goes on to its endpoint, as it came, with what was found out about it.
    """
    pushes = ours.metrics.pushes.labels("owed_already")
    requests = ours.metrics.requests.labels(PATH, 204)
    held = secrets(ours.runtime)
    database = ours.runtime.services.database

    def look(environ: dict[str, Any]) -> RawAnswer | None:
        if not environ["PATH_INFO"].startswith(PLACE) or environ["REQUEST_METHOD"] != "POST":
            return None
        notification = _usual(environ, held)
        if notification is None or notification.kind != "change":
            return None
        try:
            found = push_marks.by_channel(
                database, channels.channel_hash(environ["PATH_INFO"][len(PLACE) :])
            )
        except Unavailable:
            return None  # the endpoint asks again, and says so
        environ[SEEN] = notification, found
        if found is None or not found[1]:
            return None
        pushes.inc()
        requests.inc()
        tracing.tell(name=f"POST {PATH}", status=204)
        return ACCEPTED

    return look


def _usual(environ: dict[str, Any], secrets: list[str]) -> Notification | None:
    """What a push says that came as all of Cronofy's do; None: let the endpoint look at it. The
    body stays readable.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isdecimal() and len(length) < DIGITS and environ.get("CONTENT_TYPE") in USUAL):
        return None
    if int(length) > PUSH_CAP:
        return None
    raw = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(raw)
    if len(raw) != int(length) or not signature.valid(raw, environ.get(HEADER), secrets):
        return None
    try:
        return read_notification(raw)
    except BadAnswer:
        return None


def secrets(runtime: Runtime) -> list[str]:
    return [secret.get_secret_value() for secret in runtime.settings.cronofy_client_secrets]


def _verified(request: CappedRequest, runtime: Runtime) -> Notification:
    """What the push says, if Cronofy says it. The signature is over the raw bytes, and checked
    before anything else.
    """
    try:
        raw = request.body(PUSH_CAP)
    except RequestEntityTooLarge:
        parts().limits.wrong(request.environ)
        raise
    if not signature.valid(raw, request.headers.get(signature.HEADER), secrets(runtime)):
        parts().limits.wrong(request.environ)
        detail = f"Sign the raw body with the client secret, in the header {signature.HEADER}."
        raise RefusedRequest(
            "signature_invalid", detail, headers={"WWW-Authenticate": signature.HEADER}
        )
    request.expect_json()
    try:
        return read_notification(raw)
    except BadAnswer:
        raise RefusedRequest(
            "malformed_notification", "Send a notification object as Cronofy documents it."
        ) from None


def _take(channel: bytes, ours: Parts) -> str:
    """Owe what it asks for. Returns the outcome, to count. `channel`: the hash of its token."""
    seen = flask.request.environ.get(SEEN)
    notification, found = seen or (
        _verified(cast(CappedRequest, flask.request), ours.runtime),
        None,
    )
    try:
        if seen is None:
            found = push_marks.by_channel(ours.runtime.services.database, channel)
        if found is None:
            raise RefusedRequest(
                "unknown_channel", "Close this channel: it is not, or no longer, one of ours."
            )
        return _owe(notification.kind, found, ours.runtime)
    except Unavailable:
        if notification.kind in OWED:
            ours.late_pushes.remember(channel, notification.kind)
        raise


def make_up(runtime: Runtime, channel: bytes, kind: str) -> None:
    """Owe what a push asked for that was refused. Nothing, if its channel is no longer ours."""
    found = push_marks.by_channel(runtime.services.database, channel)
    if found is not None:
        _owe(kind, found, runtime)


def _owe(kind: str, found: tuple[str, bool], runtime: Runtime) -> str:
    """Owe the read in a committed transaction, then wake a worker if that is news. Returns the
    outcome, to count.
    """
    connection_id, owed_already = found
    if kind not in OWED:
        if kind in NOTIFICATIONS:
            return "nothing_owed"
        return "unknown_kind"
    if owed_already and kind == "change":
        return "owed_already"  # a read that starts later is owed: not even a write is needed
    if run_again_once(lambda: _mark(connection_id, kind, runtime)):
        runtime.actors.wake(connection_id)
    return "accepted"


def _mark(connection_id: str, kind: str, runtime: Runtime) -> bool:
    with runtime.services.database.write_once() as tx:
        return push_marks.mark_dirty(tx, connection_id, pushed=True, **OWED[kind])
