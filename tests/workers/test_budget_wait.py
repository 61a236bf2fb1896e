"""How long a call waits for its turn: as whoever only looks learns it, and once Redis is back."""

import socket
import time
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.tcp_proxy import Proxy
from tests.workers.budgets import grants, shared, take
from tests.workers.cronofy.clocks import Clock
from workers.breaker import RedisBreaker
from workers.budget import Budget, LocalBudget


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_whoever_only_looks_learns_the_wait_and_reserves_nothing(
    server: redis.Redis, clock: Clock
) -> None:
    budget = shared(server, clock, per_second=2, per_minute=100)
    assert budget.wait() == 0
    take(budget, clock, 20)  # by the time of Redis, which goes on: of the ten seconds some are left
    before = grants(server)
    wait = budget.wait()
    assert wait is not None
    assert 0.5 < wait <= 10
    assert grants(server) == before


def test_nobody_knows_the_wait_while_redis_is_away(clock: Clock) -> None:
    with socket.socket() as unserved:
        unserved.bind(("127.0.0.1", 0))
        port = unserved.getsockname()[1]
        away = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
        assert shared(away, clock).wait() is None


def test_a_process_alone_knows_its_own_wait(clock: Clock) -> None:
    budget = LocalBudget(
        per_second=1, per_minute=100, monotonic=clock.monotonic, sleep=lambda _: None
    )
    assert budget.wait() == 0
    take(budget, clock, 3)
    assert [budget.wait(), budget.wait()] == [3, 3]


def test_once_redis_is_well_again_nobody_keeps_to_a_tenth_any_longer(
    server: redis.Redis, redis_url: str, clock: Clock
) -> None:
    """By the breaker, which looks for it, and not after a time of the budget's own."""
    with Proxy.to(redis_url) as proxy:
        retry = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(proxy.url(redis_url), socket_timeout=10, retry=retry) as client:
            breaker = RedisBreaker(client, pause=0.05)
            budget = Budget(client, breaker, monotonic=clock.monotonic, sleep=clock.sleep)
            proxy.misbehave("cut")
            take(budget, clock)
            assert grants(server) == []
            proxy.behave()
            end = time.monotonic() + 60
            while breaker.open:
                assert time.monotonic() < end
                time.sleep(0.01)
            take(budget, clock)
            assert len(grants(server)) == 1
            breaker.close()
