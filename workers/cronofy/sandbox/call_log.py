"""What was asked of the imitated API: the latest calls, and how many of each kind.
Never a token or a body.
"""

import threading
from collections import Counter, deque
from typing import Any

LATEST = 10_000


class Traffic:
    """The call log. A call is `{at, method, path, query, route, status, ms}`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[dict[str, Any]] = deque(maxlen=LATEST)
        self._counts: Counter[str] = Counter()

    def add(self, call: dict[str, Any]) -> None:
        """Keep one answered call."""
        # By route, not by path: "how many reads were there" is what tests ask. The log has an end,
        # the counts go on.
        with self._lock:
            self._calls.append(call)
            self._counts[f"{call['method']} {call['route']}"] += 1

    def clear(self) -> None:
        """Forget everything so far, to count what comes next."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()

    def show(self) -> dict[str, Any]:
        """`{calls: oldest first, counts: {"GET /v1/free_busy": n}}`."""
        with self._lock:
            return {"calls": list(self._calls), "counts": dict(self._counts)}
