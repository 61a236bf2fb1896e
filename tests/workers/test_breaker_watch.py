"""Whoever looks whether Redis is well again finds it: where its name leads by now, on a connection
that lives, and whatever a look meets.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
import redis
from structlog.testing import capture_logs

from tests.support.no_threads import none_left
from tests.support.tcp_proxy import Proxy
from tests.workers.ailing_redis import until
from workers import breaker
from workers.breaker import FAILURES, RedisBreaker
from workers.broker import create_redis
from workers.embedded.redis import redis_server
from workers.limits import Limiter, QuotaPolicy

AWAY = redis.ConnectionError("on purpose")


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with create_redis(redis_url, timeout=5.0) as made:
        yield made


def test_a_server_that_was_demoted_and_keeps_its_clients_is_left_for_the_new_one() -> None:
    with ExitStack() as opened:
        first, second = (opened.enter_context(redis_server()) for _ in range(2))
        proxy = opened.enter_context(Proxy.to(first.url))
        old, new = (
            opened.enter_context(redis.Redis.from_url(each.url)) for each in (first, second)
        )
        new.config_set("requirepass", urlsplit(first.url).password)
        made = opened.enter_context(create_redis(proxy.url(first.url), timeout=5.0))
        watched = opened.enter_context(closing(RedisBreaker(made, pause=0.05)))
        made.set("before", 1)
        # Given a server that became another's replica, and a name that leads to that one by now
        port = urlsplit(second.url).port
        assert port is not None
        old.replicaof("127.0.0.1", str(port))
        proxy.neighbour = ("127.0.0.1", port)
        # When a client is told so, on the connection that it has
        with pytest.raises(redis.ReadOnlyError) as refused:
            made.set("meanwhile", 1)
        # The race: the look that finds the new one, while this thread is kept from going on. So
        # what was told of the failure shows that it opened.
        with capture_logs() as logs:
            watched.failed(refused.value)
            assert logs[0]["event"] == "redis_away"
        # Then the new one is found, and asked from now on
        until(lambda: not watched.open)
        made.set("after", 1)
        assert new.get("after") == b"1"


def test_connections_that_died_in_an_outage_are_left_to_nobody(redis_url: str) -> None:
    with Proxy.to(redis_url) as proxy, create_redis(proxy.url(redis_url), timeout=3.0) as made:
        pool = made.connection_pool
        watched = RedisBreaker(made, pause=0.05)
        # Given idle connections that are lost, and nobody was told
        idle = [pool.get_connection() for _ in range(4)]
        for each in idle:
            pool.release(each)
        proxy.misbehave("swallow")
        with pytest.raises(FAILURES) as silent:
            made.ping()
        watched.failed(silent.value)
        # When Redis is found well again
        proxy.behave()
        until(lambda: not watched.open)
        # Then whatever connection somebody is lent answers
        lent = [pool.get_connection() for _ in range(4)]
        for each in lent:
            each.send_command("PING")
            assert each.read_response() == b"PONG"
            pool.release(each)


def test_an_error_that_nobody_thought_of_ends_no_watch(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = iter((ValueError("on purpose"), IndexError("on purpose")))

    def probe(_client: redis.Redis) -> None:
        for error in strange:
            raise error

    monkeypatch.setattr(breaker, "probe", probe)
    watched = RedisBreaker(client, pause=0.05, remind=0)
    with capture_logs() as logs:
        watched.failed(AWAY)
        until(lambda: [line["event"] for line in logs][-1] == "redis_back")
    assert not watched.open
    told = [line for line in logs if line["event"] == "redis_still_away"]
    assert [(line["error"], line["exc_info"]) for line in told] == [
        ("ValueError", True),
        ("IndexError", True),
    ]


def test_where_no_thread_is_left_to_look_calls_go_on_to_ask(client: redis.Redis) -> None:
    watched = RedisBreaker(client, pause=0.05)
    away = create_redis("redis://127.0.0.1:9", timeout=1.0)
    limits, policy = Limiter(away, watched), QuotaPolicy("reads", 1)
    # Given a failure of somebody who goes on without Redis, and nobody who could look
    with none_left("redis-breaker"), capture_logs() as logs:
        assert limits.take(policy, "who").passed
        assert not watched.open
    assert [line["event"] for line in logs] == ["redis_away", "redis_not_watched"]
    # Then the next failure finds one
    with capture_logs() as logs:
        watched.failed(AWAY)
        until(lambda: [line["event"] for line in logs][-1] == "redis_back")
    # The race: Redis is found well again, while this thread is kept from looking. So what was told
    # shows that it opened.
    assert [line["event"] for line in logs] == ["redis_away", "redis_back"]
    assert not watched.open
    away.close()
