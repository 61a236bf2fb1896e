"""The broker: wake-ups carry ids, and a lost Redis costs the sender a moment."""

import time
from typing import Any

import dramatiq
import redis
from dramatiq import Worker

from tests.support.in_process import House
from workers.actors import declare_actors
from workers.broker import create_broker, create_redis


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
    before = scripts_run(client)
    assert broker.delay_queues
    for queue in broker.delay_queues:
        assert broker.do_fetch(queue, 8) == []
    assert scripts_run(client) == before
    assert broker.do_fetch("freebusy", 8) == []
    assert scripts_run(client) > before
    client.close()


def scripts_run(client: redis.Redis) -> int:
    stats: Any = client.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if "eval" in name)


def test_two_brokers_in_one_process_do_not_share_actors(house: House, redis_url: str) -> None:
    brokers = [create_broker(create_redis(redis_url, timeout=5)) for _ in range(2)]
    found = [declare_actors(broker, house.runtime.services) for broker in brokers]
    assert [actors.refresh_freebusy.broker for actors in found] == brokers


def test_a_job_whose_connection_is_gone_ends_quietly(house: House) -> None:
    house.runtime.actors.refresh_freebusy("con_gone")
    house.runtime.actors.recompute_slots("nobody")
