"""Cronofy's calls about links of sessions: each is a wake-up, and nothing more.

What stands in them is documented nowhere, nor whether they are signed. So they are known by their
address, which nobody else knows, and their body is not looked at; one that is signed must be signed
well. What a call owes is a look at the event: lost or doubled it does no harm.
"""

from typing import Literal, cast, get_args

import flask
from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from storage.rows import channels
from storage.schema.outages import run_again_once
from storage.transactions import conferencing
from webhooks.api.notifications import secrets
from webhooks.http.codes import HTTP_DETAILS
from webhooks.http.context import Parts, parts
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import PUSH_CAP, CappedRequest
from workers.bootstrap import Runtime
from workers.cronofy import signature

PLACE = "/webhooks/conferencing/"
News = Literal["assigned", "failing"]
PATH = f"{PLACE}<session_token>/<news>"


def receive(session_token: str, news: str) -> Response:
    """Take a call of Cronofy's about the link of a session.

    Answered with 204 once the look that it asks for is written down as owed; with 503 when it could
    not be, so that Cronofy calls again. Repeats and any order are harmless. An address that is none
    of ours, or no longer, is answered with 204, too: nobody needs to call there again. `news` is
    `assigned` or `failing`; the body is not looked at.
    """
    if news not in get_args(News):
        raise RefusedRequest("unknown_path", HTTP_DETAILS[404])
    ours = parts()
    _check(cast(CappedRequest, flask.request), ours)
    failing, digest = news == "failing", channels.channel_hash(session_token)
    taken = run_again_once(lambda: _owe(ours.runtime, digest, failing=failing))
    outcome = "accepted"
    if not taken:
        outcome = "unknown_address"
    ours.metrics.pushes.labels(outcome).inc()
    return Response(status=204)


def _check(request: CappedRequest, ours: Parts) -> None:
    """Raises RequestEntityTooLarge, and RefusedRequest for a signature that is nobody's of ours."""
    try:
        raw = request.body(PUSH_CAP)
    except RequestEntityTooLarge:
        ours.limits.wrong(request.environ)
        raise
    given = request.headers.get(signature.HEADER)
    if given is None:
        # Whoever signs is Cronofy; of anybody else there may be only so many.
        ours.limits.admit(request.environ)
        return
    if not signature.valid(raw, given, secrets(ours.runtime)):
        ours.limits.wrong(request.environ)
        detail = f"Sign the raw body with the client secret, in the header {signature.HEADER}."
        raise RefusedRequest(
            "signature_invalid", detail, headers={"WWW-Authenticate": signature.HEADER}
        )


def _owe(runtime: Runtime, digest: bytes, *, failing: bool) -> bool:
    """Owe the look in a committed transaction, then wake a worker. Whether the address is known."""
    services = runtime.services
    with services.database.write() as tx:
        wakes = conferencing.called(tx, digest, failing=failing, now=services.now())
    if wakes is None:
        return False
    runtime.actors.wake_outbox(wakes)
    return True
