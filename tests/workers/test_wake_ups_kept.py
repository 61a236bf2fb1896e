"""A database that is away costs no wake-up, and one that got lost is soon repeated."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from dramatiq import Worker
from sqlalchemy import ColumnElement, select, text

from storage.rows import outbox
from storage.rows.outbox import Owed
from storage.schema import tables
from storage.schema.database import create
from storage.schema.database_clock import clock_ms
from tests.support import http_client, people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.tcp_proxy import Proxy
from workers import actors as wake_up_actors
from workers import clock, queues
from workers.actors import QUEUES
from workers.breaker import RedisBreaker
from workers.broker import Broker, create_broker, create_redis

JOBS = 40


@pytest.fixture
def proxy(fresh_database: Callable[[Kind], str]) -> Iterator[tuple[Proxy, str]]:
    url = fresh_database("postgresql")
    with Proxy.to(url) as between:
        yield between, between.url(url)


@contextmanager
def at_work(broker: Broker, *, threads: int) -> Iterator[None]:
    """A worker of this broker, which ends with it."""
    worker = Worker(broker, worker_timeout=20, worker_threads=threads)
    worker.start()
    yield
    worker.stop()
    broker.close()


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

    with at_work(broker, threads=4):
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
    database.close()


def test_a_connection_that_is_cut_in_the_middle_of_a_job_uses_up_no_wake_up(
    fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    # Given a worker whose first attempt at a job loses its line, as by a pooler's restart
    url = fresh_database("postgresql")
    database, operator = create(url), create(url)
    broker = create_broker(create_redis(redis_url, timeout=5), database=database)
    done: list[str] = []
    cut: list[int] = []

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def ask(job: str) -> None:
        with database.write() as tx:
            mine = tx.scalar(text("SELECT pg_backend_pid()"))
            if not cut:
                cut.append(int(str(mine)))
                with operator.write() as by_hand:
                    by_hand.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
            tx.execute(text("SELECT 1"))
        done.append(job)

    with at_work(broker, threads=1):
        ask.send("one")
        # Then it is done, and nobody woke for it again
        until(lambda: done == ["one"])
    assert len(cut) == 1
    database.close()
    operator.close()


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


def test_wake_ups_whose_fetch_was_not_answered_come_again_and_those_in_hand_do_not(
    redis_url: str,
) -> None:
    with Proxy.to(redis_url) as between:
        broker, direct = broker_at(between.url(redis_url)), create_redis(redis_url, timeout=5)

        @dramatiq.actor(broker=broker, queue_name="freebusy")
        def refresh_freebusy(_connection: str) -> None:
            """Never run."""

        def send(*connections: str) -> None:
            for each in connections:
                broker.enqueue(refresh_freebusy.message(each))

        def fetched() -> list[str]:
            texts = broker.do_fetch("freebusy", 8)
            found = [dramatiq.Message[None].decode(text) for text in texts]
            hands.update({it.args[0]: it.options["redis_message_id"] for it in found})
            again.extend(it.args[0] for it in found)
            return [it.args[0] for it in found]

        hands: dict[str, str] = {}
        again: list[str] = []
        # Given one in hand, and one whose end Redis could not be told
        send("con_held", "con_ended")
        assert fetched() == ["con_held", "con_ended"]
        between.misbehave("cut")
        broker.do_ack("freebusy", hands["con_ended"])
        between.behave()
        until(lambda: fetched() == ["con_ended"])
        broker.do_ack("freebusy", hands["con_ended"])
        # When two more are fetched, and the answer gets lost
        send("con_lost", "con_too")
        between.misbehave("swallow_replies")
        assert fetched() == []
        until(lambda: direct.llen("coachcal:freebusy") == 0)
        between.behave()
        # Then they come again at the first fetch that is answered, and nothing else does
        again.clear()
        until(lambda: fetched() != [])
        assert sorted(again) == ["con_lost", "con_too"]
        assert fetched() == []
        for connection in ("con_held", *again):
            broker.do_ack("freebusy", hands[connection])
        # And Redis holds nothing of them any more
        assert broker.do_qsize("freebusy") == 0
        broker.close()
        direct.close()


def test_an_id_that_is_no_text_stops_no_queue_whose_fetch_was_not_answered(
    redis_url: str,
) -> None:
    with Proxy.to(redis_url) as between:
        broker, direct = broker_at(between.url(redis_url)), create_redis(redis_url, timeout=5)
        sender = create_broker(direct)

        @dramatiq.actor(broker=broker, queue_name="freebusy")
        def refresh_freebusy(_connection: str) -> None:
            """Never run."""

        # Given garbage that Redis counts as fetched by this worker
        direct.rpush("coachcal:freebusy", b"\xff")
        assert broker.do_fetch("freebusy", 8) == []
        # When the answer to a later fetch gets lost
        between.misbehave("cut")
        assert broker.do_fetch("freebusy", 8) == []
        between.behave()
        assert sender.enqueue_all([refresh_freebusy.message("con_1")])
        # Then the next is fetched all the same
        found: list[bytes] = []

        def fetched() -> bool:
            found.extend(broker.do_fetch("freebusy", 8))
            return found != []

        until(fetched)
        assert b"con_1" in found[0]
        broker.close()
        direct.close()


def broker_at(url: str) -> Broker:
    """One that gives Redis up soon, and finds it again as soon."""
    client = create_redis(url, timeout=3)
    return create_broker(client, RedisBreaker(client, pause=0.05))


def test_a_queue_that_nobody_takes_from_is_not_filled_without_end(
    fresh_database: Callable[[Kind], str], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake_up_actors, "FULL", 3)
    with http_client.opened(fresh_database("sqlite"), redis_url) as desk:
        services, actors = desk.runtime.services, desk.runtime.actors
        connection_id = people.ready(desk.database)
        people.mark_dirty(desk.database, connection_id)
        mail = Owed(
            "mail", "booked", "key", 1, people.NOW, booking_id="bkg_1", recipient="grace@x.test"
        )
        with desk.database.write() as tx:
            outbox.add(tx, [mail], now=people.NOW)

        def sweep() -> int:
            with desk.database.write() as tx:
                for table in (tables.connections, tables.outbox):
                    tx.execute(table.update().values(wake_after_ms=0))
            return clock.sweep(services, actors)

        # Given workers that are gone, while the clock repeats what nobody answers
        swept = [sweep() for _ in range(5)]
        # Then each kind is repeated until its queue is long, and no more
        assert swept == [2, 2, 2, 0, 0]
        assert queues.depths(services) == dict.fromkeys(QUEUES, 0) | {"freebusy": 3, "mails": 3}
        # And one that is shorter again gets more, whatever the others do
        services.redis.delete("coachcal:mails", "coachcal:mails.msgs")
        assert sweep() == 1
        assert queues.depths(services) == dict.fromkeys(QUEUES, 0) | {"freebusy": 3, "mails": 1}


def asked(desk: Desk, column: ColumnElement[int]) -> int:
    with desk.database.read() as tx:
        return tx.execute(select(column)).scalar_one()
