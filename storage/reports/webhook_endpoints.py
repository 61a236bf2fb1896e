"""Webhook endpoints as ops look at them: how each stands, and what is owed to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.webhook_endpoints import WebhookEndpoint
from storage.rows import webhook_endpoints
from storage.rows.webhook_endpoints import PostAttempt

Counts = dict[tuple[str, str], int]
"""As `webhook_endpoints.counts` has them."""


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """`waiting`, `dead`: how many callbacks it is owed, and how many were given up. `latest`: the
    latest attempt.
    """

    endpoint: WebhookEndpoint
    waiting: int
    dead: int
    latest: PostAttempt | None

    @property
    def is_failing(self) -> bool:
        return self.endpoint.state == "on" and self.endpoint.failing_since is not None


def find_all(tx: Connection, counts: Counts) -> list[EndpointReport]:
    """The oldest first; there are few (`domain.webhook_endpoints.MOST`)."""
    found = []
    for endpoint in webhook_endpoints.find_all(tx):
        owed = [counts.get((endpoint.id, state), 0) for state in ("pending", "sending")]
        latest = webhook_endpoints.attempts(tx, endpoint.id, limit=1)
        report = EndpointReport(
            endpoint=endpoint,
            waiting=sum(owed),
            dead=counts.get((endpoint.id, "dead"), 0),
            latest=next(iter(latest), None),
        )
        found.append(report)
    return found


def failing_seconds(tx: Connection, *, now: datetime) -> dict[str, float]:
    """By the id of each endpoint that is on: for how long nothing was taken; 0 where it is well."""
    found = {}
    for endpoint in webhook_endpoints.find_all(tx):
        if endpoint.state == "on":
            since = endpoint.failing_since or now
            found[endpoint.id] = (now - since).total_seconds()
    return found
