"""How many threads of a worker may wait at once for neighbours: one of them that
hangs holds some, and all of them together leave some to whoever reads pushes.
"""

from threading import BoundedSemaphore
from time import monotonic


def of_all(threads: int) -> BoundedSemaphore:
    """For all such servers together: three of four threads, if a worker has so many."""
    left_to_others = max(1, threads // 4)
    return BoundedSemaphore(max(1, threads - left_to_others))


class NeighbourTurns:
    """Those of one server. Safe to share between threads."""

    def __init__(self, most: int, shared: BoundedSemaphore) -> None:
        """`most` at once, each of which takes one of `shared` too."""
        self._own = BoundedSemaphore(most)
        self._shared = shared

    def acquire(self, timeout: float) -> bool:
        """Within so many seconds; who got one releases it."""
        end = monotonic() + timeout
        if not self._own.acquire(timeout=timeout):
            return False
        if self._shared.acquire(timeout=max(0.0, end - monotonic())):
            return True
        self._own.release()
        return False

    def release(self) -> None:
        self._shared.release()
        self._own.release()
