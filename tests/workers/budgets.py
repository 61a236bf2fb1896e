"""A worker's budget on a real Redis, and what was granted."""

import redis

from tests.workers.cronofy.clocks import Clock
from workers.budget import Allowance, Budget

LIST, PAUSE = "budget:cronofy", "budget:cronofy:pause"


def shared(
    server: redis.Redis, clock: Clock, *, per_second: int = 50, per_minute: int = 500
) -> Budget:
    """A worker's budget: its own clock does not move in Redis, so what it sleeps is only written
    down.
    """
    return Budget(
        server,
        per_second=per_second,
        per_minute=per_minute,
        monotonic=clock.monotonic,
        sleep=lambda _: None,
    )


def grants(server: redis.Redis) -> list[int]:
    return [int(each) for each in server.lrange(LIST, 0, -1)]


def set_back(server: redis.Redis, seconds: int) -> None:
    """What the budget wrote, as it is once its server's clock was set back."""
    for place, at in enumerate(grants(server)):
        server.lset(LIST, place, str(at + 1_000_000 * seconds))
    for key in (LIST, PAUSE):
        left = int(server.pttl(key))
        if left > 0:
            server.pexpire(key, left + 1000 * seconds)


def take(budget: Allowance, clock: Clock, times: int = 1) -> None:
    for _ in range(times):
        budget.take(clock.now + 60)
