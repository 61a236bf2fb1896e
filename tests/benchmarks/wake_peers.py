"""Other task queues of the group `peers`, each with a job that does nothing, over the same Redis.

`python -m tests.benchmarks.wake_peers NAME run|send COUNT` is its worker, or fills its queue. What
counts is the time until nothing waits in it.
"""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

import redis

from tests.benchmarks.figures import Spread
from tests.benchmarks.work import PROCESSES, THREADS
from tests.support.processes import Town

PATIENCE = 120
POLL_SECONDS = 0.003


@dataclass(frozen=True)
class Peer:
    """`packages`: what has to be there. `keys`: lists and hashes in which its messages wait."""

    name: str
    packages: tuple[str, ...]
    keys: tuple[str, ...]
    worker: tuple[str, ...]


PROGRAM = "tests.benchmarks.wake_peers"
PEERS = {
    "celery": Peer(
        "celery",
        ("celery",),
        ("celery", "unacked"),
        (
            *("celery", "-q", "-A", f"{PROGRAM}:celery_app", "worker", "-P", "threads"),
            f"--concurrency={PROCESSES * THREADS}",
        ),
    ),
    "huey": Peer(
        "huey",
        ("huey",),
        ("huey.redis.bench",),
        ("huey.bin.huey_consumer", f"{PROGRAM}.huey_app", "-w", str(PROCESSES * THREADS), "-q"),
    ),
    "rq": Peer("rq", ("rq",), ("rq:queue:bench",), (PROGRAM, "rq", "run")),
    "taskiq": Peer(
        "taskiq",
        ("taskiq", "taskiq_redis"),
        ("bench",),
        ("taskiq", "worker", f"{PROGRAM}:taskiq_app", "--workers", str(PROCESSES)),
    ),
}


def is_installed(peer: Peer) -> bool:
    return all(importlib.util.find_spec(name) is not None for name in peer.packages)


def rate(raised: Town, peer: Peer, count: int) -> Spread:
    """Messages a second. Its worker has done one before, and is stopped after."""
    environment = raised.environment | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    module, *words = peer.worker
    raised.processes.start(peer.name, *words, env=environment, module=module)
    try:
        with redis.Redis.from_url(environment["REDIS_URL"]) as client:
            _fill(peer, 1, environment)
            _until_empty(client, peer)
            began = _fill(peer, count, environment)
            _until_empty(client, peer)
            return Spread.of([count / (monotonic() - began)])
    finally:
        raised.processes.stop(peer.name)


def _fill(peer: Peer, count: int, environment: dict[str, str]) -> float:
    """Answers when it began to send, by time.monotonic: what it takes to start does not count."""
    told = subprocess.run(
        [sys.executable, "-m", PROGRAM, peer.name, "send", str(count)],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return float(told.stdout)


def _until_empty(client: redis.Redis, peer: Peer) -> None:
    end = monotonic() + PATIENCE
    while any(_waiting(client, key) for key in peer.keys):
        assert monotonic() < end, f"{peer.name} is not done after {PATIENCE} s"
        sleep(POLL_SECONDS)


def _waiting(client: redis.Redis, key: str) -> int:
    kind = client.type(key)
    if kind == b"list":
        return int(client.llen(key))
    if kind == b"hash":
        return int(client.hlen(key))
    return 0


def nothing() -> None:
    return None


nothing.__module__ = PROGRAM  # who sends is started as __main__, and huey names its tasks by it


def _redis_url() -> str:
    return os.environ["REDIS_URL"]


def _celery() -> tuple[object, Callable[[int], None]]:
    from celery import Celery

    app = Celery("bench", broker=_redis_url())
    app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
    task = app.task(name="nothing")(nothing)
    return app, lambda count: _repeat(count, task.delay)


def _huey() -> tuple[object, Callable[[int], None]]:
    from huey import RedisHuey

    app = RedisHuey("bench", url=_redis_url(), results=False)
    task = app.task(name="nothing")(nothing)
    return app, lambda count: _repeat(count, task)


def _rq() -> tuple[object, Callable[[int], None]]:
    from rq import Queue, SimpleWorker

    connection = redis.Redis.from_url(_redis_url())
    queue = Queue("bench", connection=connection)
    return SimpleWorker([queue], connection=connection), lambda count: _repeat(
        count, lambda: queue.enqueue(f"{PROGRAM}.nothing", result_ttl=0)
    )


def _taskiq() -> tuple[object, Callable[[int], None]]:
    from taskiq_redis import ListQueueBroker

    broker = ListQueueBroker(_redis_url(), queue_name="bench")

    @broker.task(task_name="nothing")  # type: ignore[untyped-decorator]  # not installed here
    async def task() -> None:
        return None

    async def send(count: int) -> None:
        await broker.startup()
        for _ in range(count):
            await task.kiq()
        await broker.shutdown()

    return broker, lambda count: asyncio.run(send(count))


MADE = {"celery": _celery, "huey": _huey, "rq": _rq, "taskiq": _taskiq}


def _repeat(count: int, send: Callable[[], object]) -> None:
    for _ in range(count):
        send()


def __getattr__(name: str) -> object:
    """`celery_app`, `huey_app`, `taskiq_app`: what a worker's command line names."""
    peer, _, kind = name.partition("_")
    if kind == "app" and peer in MADE:
        return MADE[peer]()[0]
    raise AttributeError(name)


def main() -> None:
    name, what, *count = sys.argv[1:]
    app, send = MADE[name]()
    if what == "send":
        print(monotonic())
        send(int(count[0]))
    else:
        app.work(logging_level="ERROR")  # type: ignore[attr-defined]  # rq's


if __name__ == "__main__":
    main()
