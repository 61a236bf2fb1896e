"""A database that is away costs no wake-up, and one that got lost is soon repeated."""

import time
from collections.abc import Callable, Iterator

import dramatiq
import pytest
from dramatiq import Worker
from sqlalchemy import ColumnElement, select, text

from storage.schema import tables
from storage.schema.database import create
from storage.schema.database_clock import clock_ms
from tests.support import http_client, people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.tcp_proxy import Proxy
from workers import clock, queues
from workers.broker import Broker, create_broker, create_redis

JOBS = 40


@pytest.fixture
def proxy(fresh_database: Callable[[Kind], str]) -> Iterator[tuple[Proxy, str]]:
    url = fresh_database("postgresql")
    with Proxy.to(url) as between:
        yield between, between.url(url)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_outage_of_the_database_uses_up_no_wake_up(
    proxy: tuple[Proxy, str], redis_url: str
) -> None:
    # Given a worker that did a job, and a database that goes away after it
    between, url = proxy
    database = create(url)
    broker = create_broker(create_redis(redis_url, timeout=5), database=database)
    done: list[str] = []

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def ask(job: str) -> None:
        with database.read() as tx:
            tx.execute(text("SELECT 1"))
        done.append(job)

    worker = Worker(broker, worker_timeout=20, worker_threads=4)
    worker.start()
    ask.send("before")
    until(lambda: done == ["before"])
    between.misbehave("cut")
    # When some dozens of jobs are woken for meanwhile
    for number in range(JOBS):
        ask.send(str(number))
    until(lambda: database.out)
    time.sleep(0.5)
    assert done == ["before"]
    between.behave()
    # Then each is done once it is back, and nobody woke for them again
    until(lambda: len(set(done)) == 1 + JOBS)
    worker.stop()
    broker.close()
    database.close()


@pytest.mark.parametrize(("waiting", "left_alone"), [(0, 2), (1, 10)])
def test_what_was_woken_for_in_vain_is_woken_again_soon_unless_its_queue_is_long(
    fresh_database: Callable[[Kind], str], redis_url: str, waiting: int, left_alone: int
) -> None:
    with http_client.opened(fresh_database("sqlite"), redis_url) as desk:
        broker, actors = desk.runtime.broker, desk.runtime.actors
        assert isinstance(broker, Broker)
        connection_id = people.ready(desk.database)
        people.mark_dirty(desk.database, connection_id)
        with desk.database.write() as tx:
            tx.execute(tables.connections.update().values(wake_after_ms=0))
        # Given so many wake-ups that nobody took yet
        for number in range(waiting):
            actors.wake(f"con_{number}")
        idle = actors.idle(queues.depths(desk.runtime.services))
        assert ("read" in idle) == (waiting == 0)
        assert "mail" in idle
        # When the clock wakes for a row
        before = asked(desk, clock_ms())
        assert clock.sweep(desk.runtime.services, actors) == 1
        after = asked(desk, clock_ms())
        # Then it is left alone for so many seconds
        until_then = asked(desk, tables.connections.c.wake_after_ms) - 1000 * left_alone
        assert before <= until_then <= after


def asked(desk: Desk, column: ColumnElement[int]) -> int:
    with desk.database.read() as tx:
        return tx.execute(select(column)).scalar_one()
