"""All workers together stay inside Cronofy's two limits, first come first served, whether Redis is
there or not.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.workers.budgets import LIST, PAUSE, grants, set_back, shared, take
from tests.workers.cronofy.clocks import Clock
from workers.broker import create_redis
from workers.budget import LONGEST_WAIT, Budget, LocalBudget
from workers.cronofy.errors import OverBudget

SECOND, MINUTE = 1_000_000, 60_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def most_within(times: Sequence[float], window: float) -> int:
    """The most grants that any half-open window of this length holds."""
    return max(sum(1 for each in times if first <= each < first + window) for first in times)


def test_no_second_holds_more_than_its_limit(server: redis.Redis, clock: Clock) -> None:
    take(shared(server, clock, per_second=5, per_minute=100), clock, 40)
    granted = grants(server)
    assert most_within(granted, SECOND) == 5
    assert granted == sorted(granted)


def test_nothing_drifts_while_calls_queue(server: redis.Redis, clock: Clock) -> None:
    """The n-th call behind a full window comes exactly one window after the one that makes room for
    it.
    """
    take(shared(server, clock, per_second=5, per_minute=100), clock, 40)
    granted = grants(server)
    assert [late - early for early, late in zip(granted[20:], granted[25:], strict=False)] == [
        SECOND
    ] * 15


def test_no_minute_holds_more_than_its_limit(server: redis.Redis, clock: Clock) -> None:
    budget = shared(server, clock, per_second=50, per_minute=20)
    take(budget, clock, 20)
    with pytest.raises(OverBudget) as caught:
        budget.take(clock.now + 20)
    assert 20 < (caught.value.retry_after or 0) <= 60
    assert not caught.value.permanent
    assert len(grants(server)) == 20, "a call that gave up has taken nothing"


def test_several_workers_share_one_budget(
    server: redis.Redis, redis_url: str, clock: Clock
) -> None:
    def work() -> None:
        with redis.Redis.from_url(redis_url) as own:
            take(shared(own, clock, per_second=7, per_minute=100), clock, 12)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(grants(server)) == 48
    assert most_within(grants(server), SECOND) == 7


def test_a_server_that_forgot_the_script_is_taught_again(server: redis.Redis, clock: Clock) -> None:
    budget = shared(server, clock)
    take(budget, clock)
    server.script_flush()
    take(budget, clock)
    assert len(grants(server)) == 2


def test_flushing_redis_only_forgets(server: redis.Redis, clock: Clock) -> None:
    budget = shared(server, clock, per_minute=1)
    take(budget, clock)
    server.flushall()
    take(budget, clock)
    assert len(grants(server)) == 1


def test_a_clock_set_back_stops_nobody_for_an_hour(server: redis.Redis, clock: Clock) -> None:
    take(shared(server, clock), clock)
    ahead = grants(server)[0] + 3600 * SECOND
    server.rpush(LIST, ahead)
    take(shared(server, clock), clock)
    assert ahead not in grants(server)


@pytest.mark.parametrize("seconds", [2, 10, 59, 61, 119, 3600])
def test_a_clock_set_back_makes_nobody_wait(
    server: redis.Redis, clock: Clock, seconds: int
) -> None:
    budget = shared(server, clock)
    take(budget, clock)
    set_back(server, seconds)
    wait = budget.wait()
    assert wait is not None
    assert wait < 1
    take(budget, clock)
    granted = grants(server)
    assert granted == sorted(granted)


@pytest.mark.parametrize("seconds", [10, 3600])
def test_a_clock_set_back_lets_nobody_past_the_limit(
    server: redis.Redis, clock: Clock, seconds: int
) -> None:
    budget = shared(server, clock, per_minute=20)
    take(budget, clock, 20)
    set_back(server, seconds)
    wait = budget.wait()
    assert wait is not None
    assert 20 < wait < 61
    with pytest.raises(OverBudget):
        budget.take(clock.now + 20)
    assert len(grants(server)) == 20


def test_a_clock_set_back_holds_no_pause_for_an_hour(server: redis.Redis, clock: Clock) -> None:
    budget = shared(server, clock)
    budget.pause(30)
    set_back(server, 3600)
    take(budget, clock)
    assert len(grants(server)) == 1


def test_the_list_stays_short_and_goes_by_itself(server: redis.Redis, clock: Clock) -> None:
    take(shared(server, clock, per_second=10, per_minute=10), clock, 10)
    server.lset(LIST, 0, str(grants(server)[0] - MINUTE))
    take(shared(server, clock, per_second=10, per_minute=10), clock)
    assert len(grants(server)) == 10
    assert 0 < int(server.pttl(LIST)) <= 120_000


def test_a_pause_holds_every_worker(server: redis.Redis, clock: Clock) -> None:
    shared(server, clock).pause(30)
    with pytest.raises(OverBudget) as caught:
        shared(server, clock).take(clock.now + 5)
    assert 5 < (caught.value.retry_after or 0) <= 30


def test_a_shorter_pause_does_not_end_a_longer_one(server: redis.Redis, clock: Clock) -> None:
    budget = shared(server, clock)
    budget.pause(50)
    budget.pause(2)
    assert int(server.pttl(PAUSE)) > 10_000


def test_no_pause_is_for_ever(server: redis.Redis, clock: Clock) -> None:
    shared(server, clock).pause(10**9)
    assert int(server.pttl(PAUSE)) <= LONGEST_WAIT * 1_000


@pytest.fixture
def frozen() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.fixture
def gone() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"redis://127.0.0.1:{port}/0"


def away(url: str, clock: Clock) -> Budget:
    client = redis.Redis.from_url(url, socket_timeout=0.05, retry=Retry(NoBackoff(), 0))
    return Budget(client, monotonic=clock.monotonic, sleep=clock.sleep)


@pytest.mark.parametrize("how", ["frozen", "gone"])
def test_without_redis_a_worker_keeps_to_a_tenth(
    how: str, request: pytest.FixtureRequest, clock: Clock
) -> None:
    """Never unlimited, and never stuck: Redis is asked again now and then, not before
    every call.
    """
    budget = away(request.getfixturevalue(how), clock)
    began = clock.now
    take(budget, clock, 50)
    assert clock.now - began == pytest.approx(9), "five a second"
    with pytest.raises(OverBudget):
        budget.take(clock.now + 20)
    take(budget, clock)
    assert clock.now - began == pytest.approx(60), "fifty a minute"


def test_without_redis_a_pause_still_holds_this_worker(gone: str, clock: Clock) -> None:
    budget = away(gone, clock)
    budget.pause(10)
    with pytest.raises(OverBudget):
        budget.take(clock.now + 5)


def test_redis_is_asked_again_once_it_had_time_to_come_back(
    server: redis.Redis, clock: Clock
) -> None:
    budget = shared(server, clock)
    server.set(LIST, "not a list")  # as good as away: every call fails
    take(budget, clock)
    server.delete(LIST)
    take(budget, clock)
    assert grants(server) == []
    clock.sleep(5)
    take(budget, clock)
    assert len(grants(server)) == 1


def test_a_budget_with_the_product_s_client_fails_fast_and_works(
    redis_url: str, frozen: str, server: redis.Redis
) -> None:
    Budget(create_redis(redis_url, timeout=5)).take(deadline=float("inf"))
    assert len(grants(server)) == 1
    Budget(create_redis(frozen, timeout=0.25)).take(deadline=float("inf"))


def test_one_process_alone_keeps_both_limits(clock: Clock) -> None:
    budget = LocalBudget(per_second=2, per_minute=5, monotonic=clock.monotonic, sleep=clock.sleep)
    take(budget, clock, 6)
    assert clock.slept == pytest.approx([1, 1, 58])


def test_a_local_pause_is_waited_for(clock: Clock) -> None:
    budget = LocalBudget(monotonic=clock.monotonic, sleep=clock.sleep)
    budget.pause(3)
    budget.pause(1)
    take(budget, clock)
    assert clock.slept == [3]


def test_a_deadline_that_has_passed_still_takes_what_is_free_and_waits_for_nothing(
    clock: Clock,
) -> None:
    budget = LocalBudget(per_second=1, monotonic=clock.monotonic, sleep=clock.sleep)
    budget.take(clock.now - 1)
    with pytest.raises(OverBudget):
        budget.take(clock.now - 1)
    assert clock.slept == []


@given(
    pauses=st.lists(st.sampled_from([0, 0, 0, 0.01, 0.3, 1, 7, 61]), min_size=1, max_size=80),
    per_second=st.integers(1, 4),
    per_minute=st.integers(1, 12),
)
def test_whenever_calls_come_both_limits_hold_and_no_call_waits_longer_than_it_must(
    pauses: list[float], per_second: int, per_minute: int
) -> None:
    clock, granted = Clock(0.0), list[float]()
    budget = LocalBudget(
        per_second=per_second, per_minute=per_minute, monotonic=clock.monotonic, sleep=clock.sleep
    )
    room: Callable[[float, int], float] = lambda window, limit: (  # noqa: E731 (reads as the rule it is)
        granted[-limit] + window if len(granted) >= limit else 0.0
    )
    for pause in pauses:
        clock.now += pause
        asked = clock.now
        budget.take(clock.now + 60)
        assert clock.now == pytest.approx(max(asked, room(1, per_second), room(60, per_minute)))
        granted.append(clock.now)
    # A hair less than the window: the sums of floating point seconds are that exact.
    assert most_within(granted, 1 - 1e-6) <= per_second
    assert most_within(granted, 60 - 1e-6) <= per_minute
