"""One poll of all queues of a worker process, for all of its threads that wait for wake-ups.

Dramatiq has two threads for each queue, and each asks Redis by itself whether something is there.
A wake-up is to be taken within 20 ms, so an idle worker spent a quarter of a core on empty answers.
Here one thread asks for all queues at once, and the others sleep until it calls them.
"""

from threading import Event, Lock, Thread

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware

from workers.breaker import FAILURES, RedisBreaker
from workers.middleware import Ground

log = structlog.get_logger()

POLL_SECONDS = 0.02
REST_SECONDS = 0.25
"""A thread that nobody called fetches by itself so often: that tells Redis that this worker lives,
and takes over what a dead one had fetched. A worker's end waits for it."""


class QueuePoll(Middleware):
    """Lives as long as the worker does. Without one, nobody waits: whoever fetches asks Redis."""

    def __init__(
        self, client: redis.Redis, breaker: RedisBreaker, ground: Ground, namespace: str
    ) -> None:
        self._client = client
        self._breaker = breaker
        self._ground = ground
        self._namespace = namespace
        self._lock = Lock()
        self._calls: dict[str, Event] = {}
        self._waiting: set[str] = set()
        self._over = Event()
        self._over.set()
        self._thread: Thread | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._over.clear()
        self._thread = Thread(target=self._run, name="queue-poll", daemon=True)
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._over.set()
        with self._lock:
            for called in self._calls.values():
                called.set()
        if self._thread is not None:
            self._thread.join()

    def wait(self, queue: str) -> None:
        """Until this queue may hold something, or it is time to look all the same."""
        called = self._call_of(queue)
        if not (called.is_set() or self._over.is_set()):
            with self._lock:
                self._waiting.add(queue)
            called.wait(REST_SECONDS)
            with self._lock:
                self._waiting.discard(queue)
        # The race: something comes between this line and the caller's fetch. It is fetched, and
        # the next wait ends at once for nothing. The other way round it could be overlooked.
        called.clear()

    def call(self, queue: str) -> None:
        """The next wait for this queue ends at once: more may be there."""
        self._call_of(queue).set()

    def rest(self) -> None:
        """For a thread whose queue is never filled."""
        self._over.wait(REST_SECONDS)

    def _call_of(self, queue: str) -> Event:
        with self._lock:
            return self._calls.setdefault(queue, Event())

    def _run(self) -> None:
        said = False
        while not self._over.wait(POLL_SECONDS):
            try:
                filled = self._filled()
            except Exception:  # all would wait longer from now on, for as long as the process lives
                if not said:
                    log.exception("queue_poll_failed")
                said = True
                continue
            for queue in filled:
                self.call(queue)

    def _filled(self) -> list[str]:
        """The queues for which a thread waits and that hold something which may be begun now.
        A busy worker waits for none, and asks nothing here.
        """
        with self._lock:
            queues = tuple(self._waiting)
        if not queues or self._breaker.open or not self._ground.firm:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for queue in queues:
            pipeline.llen(f"{self._namespace}:{queue}")
        try:
            depths = pipeline.execute(raise_on_error=False)
        except FAILURES as error:
            self._breaker.failed(error)
            return []
        # One that answers with an error is fetched from as well: that puts right what is wrong.
        return [queue for queue, depth in zip(queues, depths, strict=True) if depth != 0]
