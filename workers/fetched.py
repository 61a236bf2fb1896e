"""Wake-ups that Redis counts as fetched by us, and that never reached us, or that we could not
acknowledge.

The race: a fetch is done in Redis, and its answer is lost on the way. The wake-ups are in no queue
any more, and in nobody's hands: their rows would wait until the sweeper repeats them, which takes
seconds, and if that one is lost alike, ten.
"""

from threading import Lock


class Fetched:
    """What of one broker's queues is in our hands, by Redis' ids. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[str, set[str]] = {}
        self._unsure: set[str] = set()

    def hold(self, queue: str, redis_id: str) -> None:
        with self._lock:
            self._held.setdefault(queue, set()).add(redis_id)

    def let_go(self, queue: str, redis_ids: tuple[str, ...]) -> None:
        with self._lock:
            self._held.get(queue, set()).difference_update(redis_ids)

    def doubt(self, queue: str) -> None:
        """A call about this queue ended without an answer: it may have been done or not."""
        with self._lock:
            self._unsure.add(queue)

    def is_unsure(self, queue: str) -> bool:
        return queue in self._unsure

    def settle(self, queue: str, counted: set[bytes]) -> list[str]:
        """Which of those that Redis counts as ours we do not have. From now on it is known."""
        # What somebody else put into the queue may have an id that is no text. To raise here would
        # end each fetch of this queue, for as long as the process lives.
        ids = {redis_id.decode(errors="replace") for redis_id in counted}
        with self._lock:
            self._unsure.discard(queue)
            return sorted(ids - self._held.get(queue, set()))
