"""The broker and its middleware, in order. Redis may vanish at any time: messages are wake-ups, rows are the jobs."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import dramatiq
import redis
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Callbacks, Middleware, ShutdownNotifications
from prometheus_client import CollectorRegistry
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.breaker import FAILURES, Breaker
from workers.metrics import CountJobs
from workers.tracing import Trace

log = structlog.get_logger()

WEB_TIMEOUT = 0.25  # a push is answered within Cronofy's 5 s even while Redis hangs
WORKER_TIMEOUT = 5.0
MAX_SKEW_SECONDS = 5.0


class SkewedClock(RuntimeError):
    """Redis's clock is not ours; heartbeats would be misread and work done twice."""


def create_redis(url: str, *, timeout: float) -> redis.Redis:
    """A client that never retries by itself: redis-py's ten retries hold a caller for a minute."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


class Broker(RedisBroker):
    """Dramatiq's, but for Redis being away, which is no error here: then nothing is fetched, and nobody waits."""

    def __init__(self, client: redis.Redis, breaker: Breaker, **options: Any) -> None:
        super().__init__(client=client, **options)  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
        self._breaker = breaker

    def enqueue_all(self, messages: Sequence[dramatiq.Message[Any]]) -> bool:
        """Send these in one call. False: Redis did not take them, or is being left alone."""
        if not messages or self._breaker.open:
            return not messages
        sent = [message.copy(options={"redis_message_id": str(uuid4())}) for message in messages]
        for message in sent:
            self.emit_before("enqueue", message, None)
        try:
            self._write(sent)
        except FAILURES as error:
            self._breaker.failed(error)
            return False
        for message in sent:
            self.emit_after("enqueue", message, None)
        return True

    def _write(self, messages: Sequence[dramatiq.Message[Any]]) -> None:
        """As `enqueue` of dramatiq's script does it: the text into the queue's hash, then its id into the list."""
        texts: dict[str, dict[str, bytes]] = defaultdict(dict)
        for message in messages:
            texts[message.queue_name][message.options["redis_message_id"]] = message.encode()
        with self.client.pipeline(transaction=True) as pipeline:
            for queue, by_id in texts.items():
                flat = [part for pair in by_id.items() for part in pair]
                pipeline.hset(f"{self.namespace}:{queue}.msgs", items=flat)
                pipeline.rpush(f"{self.namespace}:{queue}", *by_id)
            pipeline.execute()

    def do_fetch(self, queue_name: str, most: int) -> list[bytes]:
        """What waits in a queue; nothing while Redis is away: that is waited for, and told by the breaker."""
        return self._dispatch("fetch")(queue_name, most) or []

    def _dispatch(self, command: str) -> Callable[..., Any]:
        """What cannot be acknowledged now is taken over once this worker is gone, and finds its row done."""
        send: Callable[..., Any] = super()._dispatch(command)  # type: ignore[no-untyped-call]  # as above
        return send if command == "enqueue" else partial(self._patiently, send)

    def _patiently(self, send: Callable[..., Any], *arguments: Any) -> Any:
        if self._breaker.open:
            return None
        try:
            return send(*arguments)
        except FAILURES as error:
            self._breaker.failed(error)
            return None


def create_broker(client: redis.Redis, breaker: Breaker | None = None) -> Broker:
    """No Retries, no delays, no results: the row knows when it is due, and the sweeper wakes it again.

    `heartbeat_timeout` is how soon the messages of a killed worker are taken over; checking at every fetch
    (`maintenance_chance`) is affordable because Redis is ours alone.
    """
    return Broker(
        client,
        breaker or Breaker(client),
        namespace="coachcal",
        middleware=[ShutdownNotifications(), Callbacks(), Narrate(), Trace(), CountJobs(CollectorRegistry())],
        heartbeat_timeout=30_000,
        maintenance_chance=1_000_000,
    )


def check_skew(client: redis.Redis) -> float:
    """Seconds Redis's clock is ahead of ours; raises SkewedClock past 5 s."""
    seconds, microseconds = client.time()
    skew = seconds + microseconds / 1e6 - time.time()
    if abs(skew) > MAX_SKEW_SECONDS:
        raise SkewedClock(f"Redis's clock is {skew:+.0f} s off ours: synchronise both machines (NTP), then start again")
    return float(skew)


class Narrate(Middleware):
    """One line for each job, and its id on every line in between, with that of the request that it began with."""

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        structlog.contextvars.bind_contextvars(job=message.actor_name, args=list(message.args))
        if request_id := message.options.get("request_id"):
            structlog.contextvars.bind_contextvars(request_id=request_id)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        if exception is not None:
            # The row's lease ends by itself and the sweeper tries again: nothing is lost with this message.
            log.error("job_failed", exc_info=exception)
        structlog.contextvars.clear_contextvars()
