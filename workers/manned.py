"""Which queues some worker takes wake-ups from, as the workers say in Redis."""

from time import monotonic

import redis

from workers.breaker import FAILURES, RedisBreaker

SAID_EVERY_SECONDS = 10.0
BELIEVED_SECONDS = 120
"""Longer than any job keeps all threads of a worker."""


def key(queue: str) -> str:
    """There while some worker takes wake-ups of this queue."""
    return f"coachcal:manned:{queue}"


class Manned:
    """What one worker process says. Each queue's own thread says it, whenever it may fetch."""

    def __init__(self, client: redis.Redis, breaker: RedisBreaker) -> None:
        self._client = client
        self._breaker = breaker
        self._said: dict[str, float] = {}

    def say(self, queue: str) -> None:
        now = monotonic()
        if self._breaker.open or now < self._said.get(queue, 0.0) + SAID_EVERY_SECONDS:
            return
        self._said[queue] = now
        try:
            self._client.set(key(queue), 1, ex=BELIEVED_SECONDS)
        except FAILURES as error:
            self._breaker.failed(error)
