"""Cronofy's pushes: verify, mark, wake, answer. A 2xx is the promise of a read that starts after this push.

Nothing here is slow or depends on Redis: what cannot be woken now, the sweeper wakes. Bodies are never logged.
"""

from typing import cast

import flask
from flask import Response

from storage import accounts, connections
from webhooks.errors import Refused
from webhooks.reading import PUSH_CAP, Request
from webhooks.wiring import parts
from workers.bootstrap import Runtime
from workers.cronofy import signature
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import Notification, read_notification

# What each kind of push owes its connection. The other kinds, those of the future too, owe nothing.
OWED: dict[str, dict[str, bool]] = {
    "change": {},
    "profile_disconnected": {"userinfo": True},
    "profile_initial_sync_completed": {"userinfo": True},
    "gdpr_requested": {"erase": True},
}


def receive(channel_token: str) -> Response:
    """Take a push notification of Cronofy's.

    Answered with 204 once the read that it asks for is written down as owed; with 503 when it could not be, so that
    Cronofy sends it again. Replays, repeats and any order are harmless. A kind that we do not know is accepted.
    """
    ours = parts()
    outcome = "failed"
    try:
        told = _verified(cast(Request, flask.request), ours.runtime)
        outcome = _owe(accounts.channel_hash(channel_token), told, ours.runtime)
    except Refused as refusal:
        outcome = refusal.code
        raise
    finally:
        ours.metrics.pushes.labels(outcome).inc()
    return Response(status=204)


def _verified(request: Request, runtime: Runtime) -> Notification:
    """What the push says, if Cronofy says it. The signature is over the raw bytes, and checked before anything else."""
    raw = request.body(PUSH_CAP)
    secrets = [secret.get_secret_value() for secret in runtime.settings.cronofy_client_secrets]
    if not signature.valid(raw, request.headers.get(signature.HEADER), secrets):
        detail = f"Sign the raw body with the client secret, in the header {signature.HEADER}."
        raise Refused("signature_invalid", detail, headers={"WWW-Authenticate": signature.HEADER})
    request.expect_json()
    try:
        return read_notification(raw)
    except BadAnswer:
        raise Refused("malformed_notification", "Send a notification object as Cronofy documents it.") from None


def _owe(token_hash: bytes, told: Notification, runtime: Runtime) -> str:
    """Owe the read in a committed transaction, then wake a worker if that is news. Returns the outcome, to count."""
    found = connections.by_channel(runtime.services.database, token_hash)
    if found is None:
        raise Refused("unknown_channel", "Close this channel: it is not, or no longer, one of ours.")
    connection_id, owed_already = found
    if told.kind not in OWED:
        return "nothing_owed" if told.known else "unknown_kind"
    if owed_already and told.kind == "change":
        return "owed_already"  # a read that starts later is owed: not even a write is needed
    with runtime.services.database.write_once() as tx:
        news = connections.mark_dirty(tx, connection_id, pushed=True, **OWED[told.kind])
    if news:
        runtime.actors.wake(connection_id)
    return "accepted"
