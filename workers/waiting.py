"""For which neighbours nothing waits any more because they were away, as far as this process knows.

Whoever succeeds with one pulls forward what waits for it (storage.rows.well_again). To look for
that costs a question each time, in the busiest transactions that there are: so it is asked until
there is nothing left, and then again after the next failure. A process that has just begun asks.
"""

from threading import Lock

MOST = 1_000
CRONOFY, MAIL_SERVER = "cronofy", "mail server"


def endpoint(endpoint_id: str | None) -> str:
    """The name of a webhook endpoint; None is that of the settings."""
    return f"endpoint {endpoint_id}"


class WaitsForNeighbours:
    """For one process; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._nothing: set[str] = set()
        self._failures = 0

    def failed(self, name: str) -> None:
        """Something waits for it, and that is committed."""
        with self._lock:
            self._failures += 1
            self._nothing.discard(name)

    def mark(self, name: str) -> int | None:
        """For `over`, asked for before one looks. None: there is nothing to look for."""
        with self._lock:
            if name in self._nothing:
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
            if len(self._nothing) >= MOST:
                self._nothing.clear()
            self._nothing.add(name)
