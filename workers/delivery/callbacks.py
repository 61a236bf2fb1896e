"""One callback to an endpoint of the platform's: posted, signed, and what the answer means."""

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta

from domain import events
from domain.sessions import Unknown
from domain.webhook_endpoints import OF_SETTINGS, WebhookEndpoint
from storage.rows import webhook_endpoints
from storage.rows.outbox_claims import DeliveryClaim
from storage.rows.webhook_endpoints import PostAttempt
from storage.schema.database import Tx
from storage.schema.vault import Sealed
from storage.transactions.endpoint_callbacks import PAUSED_MS
from workers.delivery.delivery import (
    Dead,
    Later,
    Outcome,
    Posted,
    Sent,
    Skipped,
    Turn,
    given_up,
    usual_wait_ms,
)
from workers.delivery.webhook_sender import Busy, NoAnswer, Receiver, Reply
from workers.services import Services

GIVEN_UP_AFTER = timedelta(days=3)
BUSY_RETRY_MS = 2_000
GONE = 410


def deliver(services: Services, turn: Turn) -> Outcome:
    """Post it under its event's id, the same at each attempt:
    a receiver that had it already knows it by that.
    """
    endpoint = _endpoint(services, turn.held)
    unwanted = _unwanted(turn.held, endpoint)
    if unwanted is not None:
        return unwanted
    try:
        receiver = _receiver(services, turn.held, endpoint)
    except Sealed as error:
        return Later(str(error))
    if receiver is None:
        return _failed(services, turn, "COACHCAL_CALLBACK_URL is not set for the workers")
    if turn.late:
        return Later(
            "this worker was held up, another one may have the callback by now", retry_in_ms=0
        )
    failing = endpoint is not None and endpoint.failing_since is not None
    return _post(services, turn, receiver, failing=failing)


def note_attempt(tx: Tx, held: DeliveryClaim, outcome: Outcome, *, now: datetime) -> None:
    """Write down how the exchange went, if there was one."""
    if not isinstance(outcome, Sent | Dead | Later) or outcome.posted is None:
        return
    posted = outcome.posted
    topic = events.plain(held.topic)
    attempt = PostAttempt(held.event_id or held.id, topic, now, posted.status, posted.duration_ms)
    taken = isinstance(outcome, Sent)
    webhook_endpoints.note(tx, held.endpoint_id or OF_SETTINGS, attempt, taken=taken)


def _endpoint(services: Services, held: DeliveryClaim) -> WebhookEndpoint | None:
    try:
        with services.database.read() as tx:
            return webhook_endpoints.get(tx, held.endpoint_id or OF_SETTINGS)
    except Unknown:
        return None


def _unwanted(held: DeliveryClaim, endpoint: WebhookEndpoint | None) -> Outcome | None:
    """Why it is not posted now."""
    if endpoint is None:
        # The one of the settings is written down by the clock, perhaps only in a moment.
        if held.endpoint_id is None:
            return None
        return Skipped("its endpoint was deleted", "discarded")
    if endpoint.state == "paused":
        return Later("its endpoint is paused", PAUSED_MS, trouble="paused")
    if endpoint.state == "off":
        # Not given up: the race is that it is switched on before our word is written, and what was
        # dead by then has been revived already. Whatever waits goes once it is on.
        return Later("its endpoint was switched off", PAUSED_MS, trouble="paused")
    return None


def _receiver(
    services: Services, held: DeliveryClaim, endpoint: WebhookEndpoint | None
) -> Receiver | None:
    if held.endpoint_id is None or endpoint is None:
        return services.receiver
    return services.receivers.of(endpoint, services.corrected_now())


def _post(services: Services, turn: Turn, receiver: Receiver, *, failing: bool) -> Outcome:
    """`failing`: the endpoint took nothing that was posted before."""
    # Stored as it was then, and sent so: a platform that gets an event twice gets the same one.
    body = json.dumps(turn.held.payload, separators=(",", ":"))
    event_id = turn.held.event_id or turn.held.id
    began = time.monotonic()
    status, away = None, True
    try:
        reply = receiver.post(event_id, body, now=services.now(), until=turn.until)
        status = reply.status
        away = status >= 500 and reply.retry_after is None
        outcome = _answered(services, turn, reply)
    except Busy as error:
        busy = Later("the platform has not answered earlier ones yet", retry_in_ms=BUSY_RETRY_MS)
        # Of one that is slow each row would come back at once, and keep the others waiting: it
        # comes with one that is taken.
        if error.slow:
            wait = usual_wait_ms(turn.held.attempts)
            return replace(busy, retry_in_ms=wait, trouble="away")
        return busy
    except NoAnswer as error:
        outcome = _failed(services, turn, str(error))
    # What fails though others are taken has a reason of its own: pulled forward, it would be posted
    # again with each that is.
    if away and failing and isinstance(outcome, Later):
        outcome = replace(outcome, trouble="away")
    return replace(outcome, posted=Posted(status, round((time.monotonic() - began) * 1000)))


def _answered(services: Services, turn: Turn, reply: Reply) -> Sent | Dead | Later:
    if 200 <= reply.status < 300:
        return Sent()
    # Standard Webhooks: 410 asks to be left alone for good. Any other refusal may be a deployment
    # under way over there, and is tried again.
    if reply.status == GONE:
        mend = "correct its address"
        if turn.held.endpoint_id is None:
            mend = "correct COACHCAL_CALLBACK_URL"
        return Dead(f"the platform answered 410: it wants no callbacks there; {mend}")
    return _failed(services, turn, f"the platform answered {reply.status}", asked=reply.retry_after)


def _failed(
    services: Services, turn: Turn, error: str, *, asked: float | None = None
) -> Dead | Later:
    """`asked`: seconds that the platform wants to be left alone;
    no fewer than we would wait anyway.
    """
    age = services.corrected_now() - turn.held.due_at
    if given_up(turn, age, after=GIVEN_UP_AFTER):
        return Dead(f"given up after {GIVEN_UP_AFTER.days} days: {error}")
    wait = usual_wait_ms(turn.held.attempts)
    if asked is not None:
        wait = max(wait, round(asked * 1000))
    return Later(error, wait)
