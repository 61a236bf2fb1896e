"""Whatever ails Redis: one failure is waited for, and told once; the rest go on without it until it
is well.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from tests.support.databases import copy_of
from tests.support.in_process import built
from tests.workers.ailing_redis import AILMENTS, rights, until
from workers import budget, clock, queues
from workers.actors import Actors, declare_actors
from workers.breaker import RedisBreaker
from workers.broker import Broker, create_broker, create_redis
from workers.embedded.child import Child
from workers.embedded.redis import redis_server
from workers.services import Services

Logs = list[MutableMapping[str, Any]]
TIMEOUT = 3.0
"""Seconds that one call waits: more than a machine at work takes for one that is answered."""
SLACK = 5.0
"""Seconds that such a machine may add to a wait that ends."""

REFUSALS = (
    b"-LOADING Redis is loading the dataset in memory\r\n",
    b"-MISCONF Errors writing to the AOF file: No space left on device\r\n",
    b"-NOAUTH Authentication required.\r\n",
    b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
    b"-NOPERM this user has no permissions to run the 'multi' command\r\n",
    b"-BUSY Redis is busy running a script.\r\n",
    b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
    b"-CLUSTERDOWN The cluster is down\r\n",
    b"-NOREPLICAS Not enough good replicas to write.\r\n",
    b"-MOVED 3999 127.0.0.1:1\r\n",
    b"-ERR max number of clients reached\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"",
)


@dataclass
class Desk:
    services: Services
    actors: Actors
    broker: Broker

    def wake(self, times: int) -> float:
        """Seconds that the slowest of so many took."""
        slowest = 0.0
        for number in range(times):
            began = time.monotonic()
            self.actors.wake(f"con_{number}")
            slowest = max(slowest, time.monotonic() - began)
        return slowest

    def close(self) -> None:
        self.services.breaker.close()
        self.services.redis.close()


def desk_at(url: str, services: Services, *, pause: float = 0.1) -> Desk:
    client = create_redis(url, timeout=TIMEOUT)
    breaker = RedisBreaker(client, pause=pause, remind=0.3)
    broker = create_broker(client, breaker)
    services = replace(services, redis=client, breaker=breaker)
    return Desk(services, declare_actors(broker, services), broker)


@pytest.fixture(scope="module")
def server() -> Iterator[Child]:
    with redis_server() as started:
        yield started


@pytest.fixture(scope="module")
def services(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("breaker") / "db.sqlite")
    with built(url, "redis://127.0.0.1:9") as house:
        yield house.runtime.services


@pytest.fixture
def desk(server: Child, services: Services) -> Iterator[Desk]:
    opened = desk_at(server.url, services)
    yield opened
    opened.close()


def said(logs: Logs) -> list[str]:
    return [line["event"] for line in logs if line["event"] != "redis_still_away"]


@pytest.mark.parametrize("ailment", AILMENTS)
def test_of_a_redis_that_is_ill_one_failure_is_noticed_and_it_is_found_well_again(
    server: Child, desk: Desk, ailment: str
) -> None:
    fall_ill, recover = AILMENTS[ailment]
    with redis.Redis.from_url(server.url) as sound, capture_logs() as logs:
        sound.flushall()
        desk.actors.wake("before")
        # When Redis falls ill
        fall_ill(sound, server)
        assert desk.wake(1) < 2 * TIMEOUT + SLACK
        # Then nobody asks it, or waits for it, after the first
        calls = counted(desk)
        desk.wake(200)
        assert calls() == 0
        assert desk.services.breaker.open
        assert queues.depths(desk.services) is None
        assert not queues.redis_answers(desk.services)
        assert desk.broker.do_fetch("freebusy", 8) == []
        budget.Budget(desk.services.redis, desk.services.breaker).take(time.monotonic() + 1)
        assert clock.sweep(desk.services, desk.actors) == 0
        assert said(logs) == ["redis_away"]
        # When it is well, then it is asked again, by itself
        recover(sound, server)
        until(lambda: said(logs)[-1] == "redis_back")  # said once it is asked again
        desk.actors.wake("after")
        assert b"after" in b"".join(desk.broker.do_fetch("freebusy", 1000))
        assert said(logs) == ["redis_away", "redis_back"]


@pytest.mark.parametrize(
    "answer", REFUSALS, ids=lambda answer: answer.partition(b" ")[0].decode().strip() or "closes"
)
def test_every_refusal_of_redis_is_told_once_and_waited_for_by_nobody(
    services: Services, answer: bytes
) -> None:
    with saying(answer) as (url, count):
        # Whose breaker looks once after half a second, and then not for long: callers count here
        desk = desk_at(url, services, pause=600)
        with capture_logs() as logs:
            desk.wake(50)
            assert queues.depths(desk.services) is None
            assert said(logs) == ["redis_away"]
        assert count() < 10
        desk.close()


def test_a_redis_that_stays_away_is_told_of_now_and_then(services: Services) -> None:
    desk = desk_at("redis://127.0.0.1:9", services)
    with capture_logs() as logs:
        desk.wake(1)
        until(lambda: [line["event"] for line in logs].count("redis_still_away") >= 2)
    desk.close()


def test_a_server_that_takes_no_more_connections_holds_the_first_for_a_moment_only(
    services: Services,
) -> None:
    """Its backlog is full: not even connecting is answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        time.sleep(0.05)
        desk = desk_at(f"redis://127.0.0.1:{port}", services)
        assert desk.wake(1) < TIMEOUT + SLACK, "a machine under load is no failure"
        calls = counted(desk)
        desk.wake(50)
        assert calls() == 0
        desk.close()
        for each in waiting:
            each.close()


def test_all_wake_ups_of_a_request_are_one_call(server: Child, desk: Desk) -> None:
    with redis.Redis.from_url(server.url) as sound:
        sound.flushall()
        desk.actors.wake("warm")
        calls = counted(desk)
        desk.actors.wake_outbox([(f"out_{number}", kind) for number in range(70) for kind in KINDS])
        desk.actors.wake(*(f"con_{number}" for number in range(9)))
        assert calls() == 2
        depths = queues.depths(desk.services)
        assert depths == {"freebusy": 10, "slots": 0, "mails": 70, "calendars": 70, "callbacks": 70}


def test_a_flushed_or_restarted_redis_takes_wake_ups_at_once(server: Child, desk: Desk) -> None:
    """It has forgotten every script that it was taught, and the idle connections are dead."""
    desk.actors.wake("before")
    assert desk.broker.do_fetch("freebusy", 1000)
    server.restart()
    with capture_logs() as logs:
        desk.actors.wake("after")
        assert b"after" in b"".join(desk.broker.do_fetch("freebusy", 1000))
    assert said(logs) == []


KINDS = ("mail", "calendar", "callback")


def counted(desk: Desk) -> Callable[[], int]:
    """How often this thread sent something to Redis since; the breaker looks in one of its own."""
    pool, mine = desk.services.redis.connection_pool, threading.get_ident()
    calls = 0
    lend = pool.get_connection

    def lent(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += threading.get_ident() == mine
        return lend(*arguments, **options)

    pool.get_connection = lent  # type: ignore[method-assign]  # the client's, not ours
    return lambda: calls


@contextmanager
def saying(answer: bytes) -> Iterator[tuple[str, Callable[[], int]]]:
    """A server that answers whatever it is sent with this; b"": it hangs up. And how often it was
    sent something.
    """
    count = 0

    def answer_all(connection: socket.socket) -> None:
        nonlocal count
        with suppress(OSError), connection:
            while connection.recv(65_536):
                count += 1
                if not answer:
                    return
                connection.sendall(answer)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer_all, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}", lambda: count
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("right", ["resetkeys ~coachcal:*", "-eval -evalsha"])
def test_a_redis_that_takes_only_some_of_what_we_ask_is_not_well(
    server: Child, desk: Desk, right: str
) -> None:
    """Else it would be left alone for a while after each refusal, and be found well each time."""
    with redis.Redis.from_url(server.url) as sound, capture_logs() as logs:
        rights(sound, *right.split())
        try:
            budget.Budget(desk.services.redis, desk.services.breaker).take(time.monotonic() + 1)
            assert desk.services.breaker.open
            until(lambda: "redis_still_away" in [line["event"] for line in logs])
            assert said(logs) == ["redis_away"]
        finally:
            rights(sound, "~*", "+@all")
        until(lambda: said(logs)[-1] == "redis_back")
