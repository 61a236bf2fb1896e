"""The broker: wake-ups carry ids, and a lost Redis costs the sender a moment."""

import time
from typing import Any
from unittest.mock import patch

import dramatiq
import redis
from dramatiq import Worker

from tests.support.in_process import House
from workers import queue_poll
from workers.actors import QUEUES, declare_actors
from workers.broker import create_broker, create_redis
from workers.queue_poll import POLL_SECONDS, REST_SECONDS


def test_a_wake_up_carries_an_id_and_nothing_else(house: House, redis_url: str) -> None:
    client = create_redis(redis_url, timeout=5)
    actors = declare_actors(create_broker(client), house.runtime.services)
    actors.wake("con_1")
    (stored,) = client.hvals("coachcal:freebusy.msgs")
    assert isinstance(stored, bytes)
    message = dramatiq.Message.decode(stored)
    assert (message.actor_name, message.args, message.kwargs) == (
        "refresh_freebusy",
        ("con_1",),
        {},
    )
    client.close()


def test_waking_without_redis_neither_fails_nor_takes_long(house: House) -> None:
    actors = declare_actors(
        create_broker(create_redis("redis://127.0.0.1:9", timeout=0.25)), house.runtime.services
    )
    actors.wake("con_1")


def test_a_real_worker_serves_what_was_woken(house: House, redis_url: str) -> None:
    # Given a connection owed its first read, and a worker on a real Redis
    house.introduce()
    account = house.connect()
    broker = create_broker(create_redis(redis_url, timeout=5))
    actors = declare_actors(broker, house.runtime.services)
    worker = Worker(broker, worker_timeout=20, worker_threads=2)
    worker.start()
    # When it is woken three times
    for _ in range(3):
        actors.wake(account.connection_id)
    # Then it reads once
    end = time.monotonic() + 60
    while house.owed(account.connection_id) and time.monotonic() < end:
        time.sleep(0.02)
    broker.join("freebusy")
    worker.stop()
    broker.close()
    assert house.control.counts()["GET /v1/free_busy"] == 1


def test_an_idle_worker_never_asks_for_what_is_delayed(house: House, redis_url: str) -> None:
    client = create_redis(redis_url, timeout=5)
    broker = create_broker(client)
    declare_actors(broker, house.runtime.services)
    before = calls(client, "eval")
    assert broker.delay_queues
    for queue in broker.delay_queues:
        assert broker.do_fetch(queue, 8) == []
    assert calls(client, "eval") == before
    assert broker.do_fetch("freebusy", 8) == []
    assert calls(client, "eval") > before
    client.close()


def test_an_idle_worker_asks_for_all_of_its_queues_at_once(house: House, redis_url: str) -> None:
    # Given a worker that has been idle for a moment
    client = create_redis(redis_url, timeout=5)
    broker = create_broker(client)
    declare_actors(broker, house.runtime.services)
    worker = Worker(broker, worker_timeout=250, worker_threads=2)
    worker.start()
    time.sleep(0.5)
    # When nothing comes for two seconds
    began, polls, fetches = time.monotonic(), calls(client, "llen"), calls(client, "eval")
    time.sleep(2)
    polls, fetches = calls(client, "llen") - polls, calls(client, "eval") - fetches
    took = time.monotonic() - began
    worker.stop()
    broker.close()
    client.close()
    # Then it asked for the queues' lengths some fifty times a second at most, and fetched from each
    # five times at most
    assert 1 <= polls <= len(QUEUES) * (took / POLL_SECONDS + 1)
    assert len(QUEUES) <= fetches <= len(QUEUES) * (took / REST_SECONDS + 1)


def test_a_wake_up_of_an_idle_worker_is_served_by_a_call(house: House, redis_url: str) -> None:
    # Given an idle worker whose threads look by themselves once in a minute
    client = create_redis(redis_url, timeout=5)
    broker = create_broker(client)
    served: list[str] = []

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def serve(job: str) -> None:
        served.append(job)

    worker = Worker(broker, worker_timeout=250, worker_threads=1)
    with patch.object(queue_poll, "REST_SECONDS", 60):
        worker.start()
        time.sleep(0.5)
        # When more are sent than are fetched at once
        for number in range(9):
            serve.send(str(number))
        end = time.monotonic() + 30
        while len(served) < 9:
            assert time.monotonic() < end, f"{len(served)} of 9 were served"
            time.sleep(0.01)
        # Then each is served without waiting for that, and the worker's end waits no longer
        worker.stop(timeout=30_000)
        assert not any(thread.is_alive() for thread in worker.consumers.values())
    assert sorted(served) == [str(number) for number in range(9)]
    broker.close()
    client.close()


def calls(client: redis.Redis, command: str) -> int:
    """How often Redis was asked by this command, or by one that has it in its name."""
    stats: Any = client.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if command in name)


def test_two_brokers_in_one_process_do_not_share_actors(house: House, redis_url: str) -> None:
    brokers = [create_broker(create_redis(redis_url, timeout=5)) for _ in range(2)]
    found = [declare_actors(broker, house.runtime.services) for broker in brokers]
    assert [actors.refresh_freebusy.broker for actors in found] == brokers


def test_a_job_whose_connection_is_gone_ends_quietly(house: House) -> None:
    house.runtime.actors.refresh_freebusy("con_gone")
    house.runtime.actors.recompute_slots("nobody")
