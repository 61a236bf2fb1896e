"""The broker and its middleware, in order. Redis may vanish at any time: messages are wake-ups, rows are the jobs."""

import time
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Callbacks, Middleware, ShutdownNotifications
from prometheus_client import CollectorRegistry
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.outages import Unavailable, kind_of
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
        url, socket_timeout=timeout, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0), health_check_interval=30
    )


def create_broker(client: redis.Redis) -> RedisBroker:
    """No Retries, no delays, no results: the row knows when it is due, and the sweeper wakes it again.

    `heartbeat_timeout` is how soon the messages of a killed worker are taken over; checking at every fetch
    (`maintenance_chance`) is affordable because Redis is ours alone.
    """
    return RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
        client=client,
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
        # The row's lease ends by itself and the sweeper tries again: nothing is lost with this message.
        if isinstance(exception, Unavailable):
            log.warning("job_failed", database=kind_of(exception), error=type(exception).__name__)
        elif exception is not None:
            log.error("job_failed", exc_info=exception)
        structlog.contextvars.clear_contextvars()
