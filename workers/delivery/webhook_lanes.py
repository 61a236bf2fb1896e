"""Who may hold a thread of this worker while a webhook endpoint answers: one that is slow holds
one, and never those that others need.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

# For one's turn: many times what a receiver takes that is well.
PATIENCE_SECONDS = 0.25
SLOW_SECONDS = 2.0
"""Whoever took longer at the last exchange is slow, until one goes faster."""


class Busy(Exception):
    """As much is under way as may be: nothing was sent. `slow`: because this one is."""

    def __init__(self, *, slow: bool) -> None:
        super().__init__()
        self.slow = slow


class Lanes:
    """Safe to share between threads."""

    def __init__(self, at_once: int) -> None:
        """`at_once`: how many exchanges there may be, with all endpoints together."""
        self._at_once = at_once
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._slow: set[str] = set()
        self._known: set[str] = set()

    @contextmanager
    def turn(self, endpoint_id: str) -> Iterator[None]:
        """Raises Busy."""
        with self._changed:
            self._known.add(endpoint_id)
            if not self._enter(endpoint_id):
                raise Busy(slow=endpoint_id in self._slow)
        began = time.monotonic()
        try:
            yield
        finally:
            self._leave(endpoint_id, time.monotonic() - began)

    def forget(self, endpoint_id: str) -> None:
        with self._changed:
            self._known.discard(endpoint_id)
            self._slow.discard(endpoint_id)

    def _enter(self, endpoint_id: str) -> bool:
        patience = PATIENCE_SECONDS
        # A slow one is not waited for: whoever waits holds a thread as well.
        if endpoint_id in self._slow:
            patience = 0.0
        free = self._changed.wait_for(lambda: self._has_room(endpoint_id), timeout=patience)
        if free:
            self._under_way[endpoint_id] += 1
        return free

    def _has_room(self, endpoint_id: str) -> bool:
        if self._under_way.total() >= self._at_once:
            return False
        # Nobody else is there whom it could keep waiting.
        if len(self._known) == 1:
            return True
        mine = self._under_way[endpoint_id]
        if endpoint_id in self._slow:
            # All of the slow ones together leave half of the room to who is well.
            slow = sum(self._under_way[each] for each in self._slow)
            return mine == 0 and slow < max(1, self._at_once // 2)
        # Nor may one that was well until now take all of it when it begins to hang.
        return mine < max(1, self._at_once - 1)

    def _leave(self, endpoint_id: str, seconds: float) -> None:
        with self._changed:
            self._under_way[endpoint_id] -= 1
            self._slow.discard(endpoint_id)
            if seconds > SLOW_SECONDS:
                self._slow.add(endpoint_id)
            self._changed.notify_all()
