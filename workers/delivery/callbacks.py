"""One callback to the platform: posted, signed, and what the answer means."""

import json
from datetime import datetime, timedelta

from workers.delivery.delivery import Dead, Later, Outcome, Sent, Turn, usual_wait_ms
from workers.delivery.webhook_sender import Busy, NoAnswer
from workers.services import Services

GIVEN_UP_AFTER = timedelta(days=3)
BUSY_RETRY_MS = 2_000
GONE = 410


def deliver(services: Services, turn: Turn) -> Outcome:
    """Post it under the row's id, the same at each attempt:
    a receiver that had it already knows it by that.
    """
    if services.receiver is None:
        return _failed(services, turn, "COACHCAL_CALLBACK_URL is not set for the workers")
    if turn.late:
        return Later(
            "this worker was held up, another one may have the callback by now", retry_in_ms=0
        )
    # Stored as it was then, and sent so: a platform that gets an event twice gets the same one.
    body = json.dumps(turn.held.payload, separators=(",", ":"))
    try:
        reply = services.receiver.post(turn.held.id, body, now=services.now())
    except Busy:
        return Later("the platform has not answered earlier ones yet", retry_in_ms=BUSY_RETRY_MS)
    except NoAnswer as error:
        return _failed(services, turn, str(error))
    if 200 <= reply.status < 300:
        return Sent()
    # Standard Webhooks: 410 asks to be left alone for good. Any other refusal may be a deployment
    # under way over there, and is tried again.
    if reply.status == GONE:
        return Dead(
            "the platform answered 410: it wants no callbacks there; correct COACHCAL_CALLBACK_URL"
        )
    return _failed(services, turn, f"the platform answered {reply.status}", asked=reply.retry_after)


def _failed(services: Services, turn: Turn, error: str, *, asked: float | None = None) -> Outcome:
    """`asked`: seconds that the platform wants to be left alone;
    no fewer than we would wait anyway.
    """
    happened = datetime.fromisoformat(turn.held.payload["timestamp"])
    if services.corrected_now() - happened > GIVEN_UP_AFTER:
        return Dead(f"given up after {GIVEN_UP_AFTER.days} days: {error}")
    wait = usual_wait_ms(turn.held.attempts)
    if asked is not None:
        wait = max(wait, round(asked * 1000))
    return Later(error, wait)
