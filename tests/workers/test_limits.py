"""A quota a window, over all processes: asked of Redis only past a share, open without it, bounded
in memory.
"""

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import fakeredis
import pytest
import redis

from tests.workers.cronofy.clocks import Clock
from workers.breaker import RedisBreaker
from workers.broker import create_redis
from workers.limits import BLOCK, ROOM, SHARE, Limiter, QuotaPolicy, Verdict

ADDRESS = "192.0.2.7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with fakeredis.FakeRedis() as client:
        yield client


@pytest.fixture
def real(redis_url: str) -> Iterator[redis.Redis]:
    with create_redis(redis_url, timeout=5.0) as client:
        yield client


def limiter(server: redis.Redis, clock: Clock | None = None) -> Limiter:
    """That of a process of its own."""
    return Limiter(server, RedisBreaker(server), monotonic=(clock or Clock()).monotonic)


def keys_of(server: redis.Redis) -> list[str]:
    return [key.decode() if isinstance(key, bytes) else key for key in server.scan_iter()]


def passed(limits: Limiter, policy: QuotaPolicy, times: int, who: str = ADDRESS) -> int:
    return sum(limits.take(policy, who).passed for _ in range(times))


@pytest.mark.parametrize("kind", ["server", "real"])
@pytest.mark.parametrize("quota", [1, 5, 10, 99, 250])
def test_one_process_lets_its_quota_through_and_not_one_more(
    quota: int, kind: str, request: pytest.FixtureRequest
) -> None:
    limits, policy = limiter(request.getfixturevalue(kind)), QuotaPolicy("reads", quota)
    assert passed(limits, policy, quota * 2) == quota
    assert passed(limits, policy, 1, "192.0.2.8") == 1, "somebody else has a quota of their own"
    assert passed(limits, QuotaPolicy("writes", quota), 1) == 1, (
        "and so has another kind of request"
    )


@pytest.mark.parametrize("processes", [2, 3, 10])
def test_several_processes_let_a_tenth_more_through_at_most(
    server: redis.Redis, processes: int
) -> None:
    policy, everywhere = QuotaPolicy("reads", 300), [limiter(server) for _ in range(processes)]
    through = sum(passed(limits, policy, 1) for _ in range(600) for limits in everywhere)
    assert policy.quota <= through <= policy.quota * (1 + processes / SHARE)


def test_threads_share_a_quota(real: redis.Redis) -> None:
    limits, policy, through = limiter(real), QuotaPolicy("reads", 600), list[int]()
    threads = [
        threading.Thread(target=lambda: through.append(passed(limits, policy, 150)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(through) + passed(limits, policy, 10) == policy.quota


@pytest.mark.parametrize("late", range(12))
def test_a_question_that_is_held_up_on_its_way_lets_nobody_past_the_quota(
    server: redis.Redis, late: int
) -> None:
    """The race: the first one past the share has to tell Redis of all of it, and others ask before
    it gets there. `late`: which of the questions is held up until nobody else has anything to ask.
    """
    policy, through = QuotaPolicy("reads", 100), list[int]()
    numbers, asking, go_on = count(), threading.Event(), threading.Event()

    class OnASlowNetwork(Limiter):
        def _ask(self, *question: Any) -> tuple[int, int] | None:
            if next(numbers) == late:
                asking.set()
                assert go_on.wait(30)
            return super()._ask(*question)

    limits = OnASlowNetwork(server, RedisBreaker(server))
    first = threading.Thread(target=lambda: through.append(passed(limits, policy, 30)))
    first.start()
    assert asking.wait(30)
    through.append(passed(limits, policy, 300))
    go_on.set()
    first.join(30)
    assert sum(through) == policy.quota


def test_redis_is_asked_past_the_share_alone_and_then_seldom(real: redis.Redis) -> None:
    limits, policy = limiter(real), QuotaPolicy("reads", 1_000)
    passed(limits, policy, 100)
    assert real.dbsize() == 0
    real.config_resetstat()
    passed(limits, policy, 3_000)
    assert real.info("commandstats")["cmdstat_evalsha"]["calls"] <= BLOCK + 1


def test_who_is_at_the_limit_is_refused_from_memory_until_the_window_ends(
    server: redis.Redis, clock: Clock
) -> None:
    limits, policy = limiter(server, clock), QuotaPolicy("reads", 10)
    assert limits.peek(policy, ADDRESS) is None
    began = time.monotonic()
    passed(limits, policy, 11)
    took = time.monotonic() - began
    server.flushall()
    refused = limits.take(policy, ADDRESS)
    assert limits.peek(policy, ADDRESS) == refused
    assert (refused.passed, refused.left) == (False, 0)
    assert 59.9 - took < refused.seconds <= 60
    clock.sleep(61)
    assert limits.peek(policy, ADDRESS) is None
    assert limits.take(policy, ADDRESS).passed


@pytest.mark.parametrize("kind", ["server", "real"])
def test_the_wait_doubles_for_whoever_goes_over_again_and_has_an_end(
    kind: str, request: pytest.FixtureRequest, clock: Clock
) -> None:
    server: redis.Redis = request.getfixturevalue(kind)
    limits, policy, waits = (
        limiter(server, clock),
        QuotaPolicy("wrong", 3, longest=600),
        list[int](),
    )
    for _ in range(6):
        passed(limits, policy, 3)
        waits.append(round(limits.take(policy, ADDRESS).seconds))
        server.delete(
            *[key for key in keys_of(server) if not key.endswith(":over")]
        )  # its time has come
        clock.sleep(waits[-1] + 1)
    assert waits == [60, 120, 240, 480, 600, 600]


def test_what_is_left_is_told_whoever_took_the_rest(server: redis.Redis) -> None:
    one, other, policy = limiter(server), limiter(server), QuotaPolicy("reads", 20)
    assert [one.take(policy, ADDRESS).left for _ in range(4)] == [19, 18, 17, 16]
    passed(other, policy, 2)
    assert other.take(policy, ADDRESS).left == 13


@pytest.fixture
def gone() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.fixture
def frozen() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("how", ["gone", "frozen"])
def test_without_redis_everybody_passes_and_one_waits(
    how: str, request: pytest.FixtureRequest
) -> None:
    client = create_redis(request.getfixturevalue(how), timeout=0.25)
    breaker = RedisBreaker(client)
    limits, began = Limiter(client, breaker), time.monotonic()
    assert passed(limits, QuotaPolicy("reads", 10), 2_000) == 2_000
    assert time.monotonic() - began < 30
    breaker.close()


def test_what_passed_without_redis_is_counted_once_it_is_back(server: redis.Redis) -> None:
    limits, policy = limiter(server), QuotaPolicy("reads", 50)
    server.lpush(_key(server, policy), "not a count")
    assert passed(limits, policy, 30) == 30
    server.flushall()
    assert passed(limits, policy, 30) == 20


def _key(server: redis.Redis, policy: QuotaPolicy) -> str:
    """Under which the address is counted, once it is empty again."""
    passed(limiter(server), policy, policy.quota // SHARE + 1)
    (key,) = keys_of(server)
    server.flushall()
    return key


def test_redis_holds_no_address_and_forgets(server: redis.Redis) -> None:
    passed(limiter(server), QuotaPolicy("wrong", 1, longest=600), 3)
    keys = keys_of(server)
    assert len(keys) == 2
    assert not any(ADDRESS in key for key in keys)
    assert all(0 < int(server.ttl(key)) <= 1_200 for key in keys)


def test_strangers_fill_no_memory(gone: str) -> None:
    limits, policy = limiter(create_redis(gone, timeout=0.25)), QuotaPolicy("reads", 6_000)
    tracemalloc.start()
    for number in range(2 * ROOM):
        limits.take(policy, f"2001:db8:{number:x}::/64")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 8 * 1024 * 1024


def test_far_from_the_limit_it_costs_microseconds_however_many_are_known(gone: str) -> None:
    limits, policy = limiter(create_redis(gone, timeout=0.25)), QuotaPolicy("reads", 10**9)
    numbers = count()

    def cost(take: Callable[[int], Verdict]) -> float:
        """Of one, where it was least of three times: a full collection of garbage, which passes
        over all that the tests before this one left behind, is in the others.
        """
        spent = list[float]()
        for _ in range(3):
            began = time.thread_time()
            for number in islice(numbers, 5_000):
                take(number)
            spent.append((time.thread_time() - began) / 5_000)
        return min(spent)

    assert cost(lambda _: limits.take(policy, ADDRESS)) < 50e-6
    assert cost(lambda number: limits.take(policy, f"192.0.2.{number}")) < 100e-6


def set_back(server: redis.Redis, seconds: int) -> None:
    """All expiries, as they are once the clock of their server was set back."""
    for key in keys_of(server):
        server.pexpire(key, int(server.pttl(key)) + 1000 * seconds)


@pytest.mark.parametrize("longest", [0, 600])
def test_a_window_ends_though_the_clock_of_redis_was_set_back(
    real: redis.Redis, longest: int
) -> None:
    policy = QuotaPolicy("reads", 3, longest=longest)
    assert passed(limiter(real), policy, 4) == 3
    assert not limiter(real).take(policy, ADDRESS).passed
    set_back(real, 3600)
    # Then the next window begins, and ends when it ever does
    after = limiter(real)
    assert passed(after, policy, 4) == 3
    assert after.take(policy, ADDRESS).seconds <= max(policy.window, longest)
