"""For which neighbours nothing waits any more because they were away, as far as a process knows.

Whoever succeeds with one pulls forward what waits for it (storage.rows.well_again). To look for
that costs a question each time, in the busiest transactions that there are: so it is asked until
there is nothing left, and then again after the next failure. A process that has just begun asks.

The race: another process meets the failure, and this one the success. It was told of no failure, so
that nothing waits is believed for a moment only.
"""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from storage.rows.well_again import LATELY

BELIEVED_SECONDS = 2.0
MOST = 1_000
CRONOFY, MAIL_SERVER = "cronofy", "mail server"


def endpoint(endpoint_id: str | None) -> str:
    """The name of a webhook endpoint; None is that of the settings."""
    return f"endpoint {endpoint_id}"


class WaitsForNeighbours:
    """For one process; safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock()
        self._monotonic = monotonic
        self._nothing_until: dict[str, float] = {}
        self._failures = 0
        self._took_mail: datetime | None = None

    def failed(self, name: str) -> None:
        """Something waits for it, and that is committed."""
        with self._lock:
            self._failures += 1
            self._nothing_until.pop(name, None)

    def mark(self, name: str) -> int | None:
        """For `over`, asked for before one looks. None: there is nothing to look for."""
        with self._lock:
            if self._monotonic() < self._nothing_until.get(name, float("-inf")):
                return None
            return self._failures

    def over(self, name: str, mark: int) -> None:
        """Whoever took this mark then found nothing that waits."""
        with self._lock:
            # The race: another thread's failure is committed after that look. It has said so
            # since, or will.
            if self._failures != mark:
                return
            # Bounded: whatever is forgotten is looked for once more.
            if len(self._nothing_until) >= MOST:
                self._nothing_until.clear()
            self._nothing_until[name] = self._monotonic() + BELIEVED_SECONDS

    def took_mail(self, at: datetime) -> None:
        """The mail server took one, that this process gave it."""
        self._took_mail = at

    def takes_mail(self, at: datetime) -> bool:
        """Whether it took one around then."""
        # Both ways: another thread's mail may have been taken since, or the clock been set back.
        return self._took_mail is not None and abs(self._took_mail - at) < LATELY
