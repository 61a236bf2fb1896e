"""What ops do to messages. Each deed and its line in the diary are one transaction; workers are
woken after it.
"""

import json
from collections.abc import Callable

from flask import Response, abort, g, request, url_for

from storage.reports import outbox
from storage.reports.outbox import Message
from storage.rows import audit_log, dead_letters, pauses, withheld_addresses
from storage.rows.audit_log import Deed
from storage.rows.outbox_claims import Wake
from storage.schema.database import Tx
from webhooks.http.context import runtime
from webhooks.http.page_security import see

WITHHELD = "withheld by a person"

Work = Callable[[Tx], list[Wake] | None]
"""A deed in a transaction: what to wake for, or None when it could not be done any more."""


def requeue(outbox_id: str) -> Response:
    """POST /ops/outbox/{id}/requeue: a dead letter is tried again."""
    with runtime().services.database.read() as tx:
        nobody_there = withheld_addresses.of_message(tx, outbox_id)
    if nobody_there is not None:
        return answered(f"Nothing was done: {nobody_there.next_step}.", _page(outbox_id))
    now = runtime().services.now()
    return _do(
        outbox_id,
        "requeue",
        lambda tx: _woken(dead_letters.requeue(tx, outbox_id, now=now)),
    )


def discard(outbox_id: str) -> Response:
    """POST /ops/outbox/{id}/discard: a dead letter is given up."""
    return _do(outbox_id, "discard", lambda tx: _ended(dead_letters.discard(tx, outbox_id)))


def retry(outbox_id: str) -> Response:
    """POST /ops/outbox/{id}/retry: a message need not wait for its next attempt."""
    return _do(outbox_id, "retry", lambda tx: _woken(outbox.retry(tx, outbox_id)))


def withhold(outbox_id: str) -> Response:
    """POST /ops/outbox/{id}/withhold: a message that was not sent yet never is."""
    return _do(
        outbox_id,
        "withhold",
        lambda tx: _ended(outbox.withhold(tx, outbox_id, reason=WITHHELD)),
    )


PAUSED = "leaves when it is resumed: it is paused"
DONE = {
    "requeue": "was requeued and is on its way",
    "discard": "was discarded",
    "retry": "is tried again now",
    "withhold": "is withheld: it will not be sent",
}


def _do(outbox_id: str, action: str, work: Work) -> Response:
    services = runtime().services
    with services.database.write() as tx:
        found = outbox.find(tx, outbox_id)
        if found is None:
            abort(404, "No message has this id.")
        wakes, done = work(tx), DONE[action]
        if wakes and pauses.holds(tx, outbox_id):
            done = PAUSED
        if wakes is not None:
            audit_log.note(
                tx, Deed(services.now(), g.visitor.name, action, outbox_id, _sentence(found))
            )
    if wakes is None:
        return answered(f"Nothing was done: {outbox_id} is {found.state}.", _page(outbox_id))
    runtime().actors.wake_outbox(wakes)
    return answered(f"{outbox_id} {done}.", _page(outbox_id))


def answered(said: str, page: str) -> Response:
    """For htmx: what to say; the live part of the page then asks for itself anew. Without it: the
    page.
    """
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Trigger": json.dumps({"acted": {"said": said}})})
    return see(page)


def _woken(wake: Wake | None) -> list[Wake] | None:
    if wake is None:
        return None
    return [wake]


def _ended(done: bool) -> list[Wake] | None:  # noqa: FBT001 (what storage answered)
    """Nobody is woken for what is given up."""
    if done:
        return []
    return None


def _sentence(found: Message) -> str:
    return f"{found.kind} {found.topic}, was {found.state} after {found.attempts} attempts"


def _page(outbox_id: str) -> str:
    return url_for("ops.message", outbox_id=outbox_id)
