"""Redis: emptied, gone, frozen, full, read-only."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from tests.chaos.faults.base import Fault, Turn


@contextmanager
def asked(turn: Turn) -> Iterator["Redis"]:
    """Past the proxy."""
    with Redis.from_url(turn.scene.redis.url, socket_timeout=5) as client:
        yield client


@contextmanager
def flushed(turn: Turn) -> Iterator[None]:
    with asked(turn) as client:
        client.flushall()
    yield


@contextmanager
def killed(turn: Turn) -> Iterator[None]:
    """It comes back with nothing."""
    turn.scene.redis.kill()
    yield
    turn.scene.redis.restart()


@contextmanager
def frozen(turn: Turn) -> Iterator[None]:
    os.kill(turn.scene.redis.pid, signal.SIGSTOP)
    yield
    os.kill(turn.scene.redis.pid, signal.SIGCONT)


@contextmanager
def full(turn: Turn) -> Iterator[None]:
    """Every write is refused: OOM command not allowed."""
    with asked(turn) as client:
        client.config_set("maxmemory", "1")
        yield
        client.config_set("maxmemory", "0")


@contextmanager
def read_only(turn: Turn) -> Iterator[None]:
    """It has become somebody's replica, as after a fail-over that nobody told us of."""
    with asked(turn) as client:
        client.replicaof("127.0.0.1", "1")
        yield
        client.replicaof("NO", "ONE")


_REDIS = frozenset({"redis"})
REDIS = (
    Fault("flush redis", "F2", 0.3, _REDIS, flushed),
    Fault("kill redis", "F2", 2.0, _REDIS, killed),
    Fault("freeze redis", "F3", 3.0, _REDIS, frozen),
    Fault("fill redis", "F3", 2.5, _REDIS, full),
    Fault("redis read-only", "F3", 2.5, _REDIS, read_only),
)
