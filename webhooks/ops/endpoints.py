"""Webhook endpoints on ops' pages: how each stands, and what ops do to one. Of an address only its
host is shown: a path may hold a secret.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Response, abort, g, render_template, url_for

from domain.sessions import Unknown
from domain.webhook_endpoints import WebhookEndpoint
from storage.reports import webhook_endpoints as reports
from storage.reports.webhook_endpoints import Counts
from storage.rows import audit_log, webhook_endpoints
from storage.rows.audit_log import Deed
from storage.rows.outbox_claims import Wake
from storage.schema.database import Tx
from storage.transactions import endpoint_callbacks
from webhooks.http.context import parts, runtime
from webhooks.ops.actions import answered

Done = tuple[str, list[Wake]] | None
"""What was done, and whom to wake; None: it is so already."""


def endpoints_list() -> str:
    """GET /ops/endpoints"""
    return render_template("ops/endpoints.html", **_listed())


def endpoints_live() -> str:
    """GET /ops/endpoints/live"""
    return render_template("ops/endpoints_live.html", **_listed())


def endpoint_deed(endpoint_id: str, action: str) -> Response:
    """POST /ops/endpoints/{id}/{action}"""
    work = DEEDS.get(action)
    if work is None:
        abort(404, f"To an endpoint one does: {', '.join(DEEDS)}.")
    services = runtime().services
    with services.database.write() as tx:
        try:
            endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
        except Unknown:
            abort(404, "There is no such endpoint, or not any more. Nothing was done.")
        done = work(tx, endpoint)
        if done is not None:
            deed = Deed(services.now(), g.visitor.name, f"{action} endpoint", endpoint_id, done[0])
            audit_log.note(tx, deed)
    page = url_for("ops.endpoints_list")
    if done is None:
        return answered(f"Nothing was done: {endpoint_id} is {endpoint.state}.", page)
    # Whoever did it sees at once what came of it.
    parts().owed.forget()
    told, wake = done
    runtime().actors.wake_outbox(wake)
    return answered(f"{endpoint_id}: {told}.", page)


def _pause(tx: Tx, endpoint: WebhookEndpoint) -> Done:
    if endpoint.state != "on":
        return None
    endpoint_callbacks.pause(tx, endpoint)
    return "paused, what happens meanwhile is sent once it is resumed", []


def _resume(tx: Tx, endpoint: WebhookEndpoint) -> Done:
    if endpoint.state == "on":
        return None
    wake = endpoint_callbacks.resume(tx, endpoint, now=runtime().services.now())
    return f"on again, it was {endpoint.state}", wake


def _test(tx: Tx, endpoint: WebhookEndpoint) -> Done:
    event_id, wake = endpoint_callbacks.send_test(tx, endpoint, now=runtime().services.now())
    return f"the test event {event_id} is on its way", wake


def _replay(tx: Tx, endpoint: WebhookEndpoint) -> Done:
    if endpoint.state != "on":
        return None
    count, wake = endpoint_callbacks.send_dead_again(tx, endpoint, now=runtime().services.now())
    return f"{count} dead letters are sent again", wake


DEEDS: dict[str, Callable[[Tx, WebhookEndpoint], Done]] = {
    "pause": _pause,
    "resume": _resume,
    "test": _test,
    "replay": _replay,
}


def _look() -> Counts:
    with runtime().services.database.read() as tx:
        return webhook_endpoints.counts(tx)


def _listed() -> dict[str, object]:
    counts = parts().owed.get(_look)
    with runtime().services.database.read() as tx:
        found = reports.find_all(tx, counts)
    hosts = {each.endpoint.id: urlsplit(each.endpoint.url).hostname for each in found}
    return {"endpoints": found, "hosts": hosts}
