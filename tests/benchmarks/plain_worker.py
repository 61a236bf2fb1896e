"""Workers that do nothing: plain dramatiq's, and ours with a job that ends at once.

`dramatiq tests.benchmarks.plain_worker:plain` and `:ours` declare them. Messages are put into Redis
as dramatiq's own script does it, many in one call.
"""

import os
from collections.abc import Sequence
from itertools import islice
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from tests.benchmarks.work import PROCESSES, THREADS
from tests.support.processes import Town
from workers.broker import WORKER_TIMEOUT, create_broker, create_redis

Message = dramatiq.Message[Any]
QUEUES = {"plain": "dramatiq:bench", "ours": "coachcal:bench"}
POLL_SECONDS = 0.003
AT_ONCE = 1_000


def plain() -> None:
    """Dramatiq with its own middleware."""
    broker = RedisBroker(url=os.environ["REDIS_URL"])  # type: ignore[no-untyped-call]
    _declare(broker)


def ours() -> None:
    """Our broker and its middleware."""
    _declare(create_broker(create_redis(os.environ["REDIS_URL"], timeout=WORKER_TIMEOUT)))


def _declare(broker: dramatiq.Broker) -> None:
    dramatiq.set_broker(broker)

    @dramatiq.actor(broker=broker, queue_name="bench")
    def nothing(_name: str) -> None:
        return None


def start(raised: Town, name: str = "plain") -> None:
    """With the flags that `coachcal work` gives."""
    options = (f"--processes={PROCESSES}", f"--threads={THREADS}", "--skip-logging")
    more = {"dramatiq_worker_timeout": "20", "dramatiq_queue_prefetch": str(THREADS)}
    raised.processes.start(
        name,
        f"tests.benchmarks.plain_worker:{name}",
        *options,
        env=raised.environment | more,
        module="dramatiq",
    )


def enqueue(redis_url: str, count: int, name: str = "plain") -> None:
    with redis.Redis.from_url(redis_url) as client:
        push(client, QUEUES[name], wake("nothing", "bench"), count)


def wait(redis_url: str, seconds: float, name: str = "plain") -> None:
    with redis.Redis.from_url(redis_url) as client:
        until_empty(client, QUEUES[name], seconds)


def wake(actor: str, queue: str = "freebusy", argument: str = "nobody") -> Message:
    return dramatiq.Message(queue, actor, (argument,), {}, {})


def wake_each(redis_url: str, queue: str, actor: str, names: Sequence[str]) -> None:
    """Ours, for each of these."""
    with redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=True) as pipeline:
        for name in names:
            message = wake(actor, queue.partition(":")[2], name)
            redis_id = str(uuid4())
            copy = message.copy(options={"redis_message_id": redis_id})
            pipeline.hset(f"{queue}.msgs", redis_id, copy.encode())
            pipeline.rpush(queue, redis_id)
        pipeline.execute()


def push(client: redis.Redis, queue: str, message: Message, count: int) -> None:
    """So many copies."""
    left = iter(range(count))
    while batch := list(islice(left, AT_ONCE)):
        with client.pipeline(transaction=True) as pipeline:
            for _ in batch:
                name = str(uuid4())
                copy = message.copy(options={"redis_message_id": name})
                pipeline.hset(f"{queue}.msgs", name, copy.encode())
                pipeline.rpush(queue, name)
            pipeline.execute()


def until_empty(client: redis.Redis, queue: str, seconds: float) -> None:
    """Until every message was acknowledged."""
    end = monotonic() + seconds
    while client.hlen(f"{queue}.msgs"):
        assert monotonic() < end, f"{queue} is not empty after {seconds} s"
        sleep(POLL_SECONDS)
