"""Whether an answer did not come because somebody holds a lock, or because PostgreSQL is silent or
slow: asked once a deadline is over.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic

import psycopg

from storage.schema import deadlines

LOOK_SECONDS = 0.7
FRESH_SECONDS = 0.2
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"


class LockLooks:
    """`connect`: how a line of its own is opened; raises psycopg.Error. Safe to share between
    threads.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        self._connect = connect
        self._lock = Lock()
        self._looked_at = float("-inf")
        self._waiting: frozenset[int] = frozenset()

    def is_blocked(self, backend: int | None) -> bool:
        """Whether this process of the server waits for a lock. False where that cannot be found
        out within its time.
        """
        # The race: dozens wait for one coach, and the time of all ends at once. A line for each
        # would come too late for some, who would then be told that the database is away: one look
        # is for all who came before it, and have waited for seconds.
        since = monotonic() - FRESH_SECONDS
        if backend is None or not self._lock.acquire(timeout=LOOK_SECONDS):
            return False
        try:
            if self._looked_at < since:
                self._waiting = self._look()
                self._looked_at = monotonic()
            return backend in self._waiting
        finally:
            self._lock.release()

    def _look(self) -> frozenset[int]:
        try:
            with deadlines.within(LOOK_SECONDS):
                other = self._connect()
                try:
                    return frozenset(pid for (pid,) in other.execute(WAITING))
                finally:
                    other.close()
        except psycopg.Error:
            return frozenset()
