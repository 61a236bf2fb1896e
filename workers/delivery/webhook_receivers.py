"""The receivers of webhook endpoints: made when something is posted, and kept for the next."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from domain.webhook_endpoints import MOST, WebhookEndpoint
from storage.schema.vault import Vault
from workers.delivery.webhook_lanes import Lanes
from workers.delivery.webhook_sender import Receiver

Made = tuple[str, bytes | None, bool]
"""What a receiver was made of: where, with which secrets, and whether the one before signs too."""


@dataclass
class Receivers:
    """Safe to share between threads."""

    vault: Vault
    deadline: float
    lanes: Lanes
    outside: bool
    """Whether they may lie in the internet alone."""
    _kept: dict[str, tuple[Made, Receiver]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, endpoint: WebhookEndpoint, now: datetime) -> Receiver:
        """Raises Sealed: its secret does not open."""
        both = endpoint.old_until is not None and now < endpoint.old_until
        made = (endpoint.url, endpoint.sealed, both)
        with self._lock:
            known = self._kept.get(endpoint.id)
            if known is not None and known[0] == made:
                return known[1]
            receiver = self._make(endpoint, both=both)
            self._drop(endpoint.id)
            self._kept[endpoint.id] = (made, receiver)
            # No more than there may be endpoints: those that were deleted go first.
            if len(self._kept) > MOST:
                self._drop(next(iter(self._kept)))
            return receiver

    def close(self) -> None:
        with self._lock:
            for endpoint_id in list(self._kept):
                self._drop(endpoint_id)

    def _make(self, endpoint: WebhookEndpoint, *, both: bool) -> Receiver:
        stored = self.vault.open(endpoint.id, endpoint.sealed or b"")
        secrets = [stored["secret"]]
        if both and "old" in stored:
            secrets.append(stored["old"])
        return Receiver(
            endpoint.url,
            secrets,
            deadline=self.deadline,
            lanes=self.lanes,
            name=endpoint.id,
            outside=self.outside,
        )

    def _drop(self, endpoint_id: str) -> None:
        known = self._kept.pop(endpoint_id, None)
        if known is not None:
            known[1].close()
            self.lanes.forget(endpoint_id)
