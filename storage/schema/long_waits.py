"""Queries that wait long on purpose, so that a quiet line is no dead one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from storage.schema.outages import Crowded


class LongWaits:
    """How many threads of a process may wait for long while nobody is answered: a web process keeps
    some for others.

    A wait is long after half a second. Many may wait for long as long as one of them is answered
    now and then: then it is a queue, in a rush for one coach, say. Once nobody was for a second
    they are stuck: those over `most` are told so, and whoever comes gets 20 ms, until somebody is
    answered again.
    """

    LONG, CROWDED = 0.5, 0.02
    STUCK = 1.0
    SLICE = 0.25
    """Seconds after which who waits for long looks up."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._waiting = 0
        self._moved = 0.0  # when one of them was answered last, or the first of them began to wait
        self._lock = threading.Lock()

    @property
    def short(self) -> float:
        """Seconds that anybody may wait now, before it is for long."""
        # Read without the lock: whoever comes in the very moment of a change waits for half a
        # second instead of 20 ms, or the other way round. No more hangs on it.
        crowded = self._most is not None and self._waiting >= self._most
        if crowded and self._stuck():
            return self.CROWDED
        return self.LONG

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self._lock:
            if self._waiting == 0:
                self._moved = monotonic()
            self._waiting += 1
        try:
            yield
            # Not where it raised: who gave up was not answered, and does not show that it moves.
            self._moved = monotonic()
        finally:
            with self._lock:
                self._waiting -= 1

    def look_up(self) -> None:
        """Between two slices of a long wait.
        Raises Crowded for one too many of those who are stuck.
        """
        too_many = self._most is not None and self._waiting > self._most
        if too_many and self._stuck():
            raise Crowded(
                f"{self._most} threads wait for the database already, and nobody is answered"
            )

    def _stuck(self) -> bool:
        return monotonic() - self._moved > self.STUCK
