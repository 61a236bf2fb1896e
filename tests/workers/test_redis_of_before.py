"""A Redis that forgot its scripts, or came back as it was before: nothing is lost or repeated."""

import time

import redis

from storage.rows import refresh_jobs
from tests.support.in_process import House
from workers import budget
from workers.actors import declare_actors
from workers.broker import create_broker
from workers.limits import Limiter, QuotaPolicy


def test_scripts_that_were_forgotten_are_taught_again(house: House, redis_url: str) -> None:
    services = house.runtime.services
    broker = create_broker(services.redis, services.breaker)
    actors = declare_actors(broker, services)
    limiter = Limiter(services.redis, services.breaker)
    shared = budget.Budget(services.redis, services.breaker)
    for number in range(2):
        with redis.Redis.from_url(redis_url) as other:
            other.script_flush()
        actors.wake(f"con_{number}")
        assert len(broker.do_fetch("freebusy", 10)) == 1
        shared.take(time.monotonic() + 1)
        assert limiter.take(QuotaPolicy("a", 1), f"who {number}").passed
        assert not services.breaker.open


def test_wake_ups_of_an_old_dump_read_nothing_again(house: House, redis_url: str) -> None:
    # Given a dump with a wake-up that a worker was at, and another that waited
    house.introduce()
    connection_id = house.connect().connection_id
    services = house.runtime.services
    broker = create_broker(services.redis, services.breaker)
    actors = declare_actors(broker, services)
    actors.wake(connection_id)
    broker.do_fetch("freebusy", 1)
    actors.wake(connection_id)
    with redis.Redis.from_url(redis_url) as other:
        dump = {key: other.dump(key) for key in other.keys("coachcal:*")}
        # When its read was made, and Redis comes back as it was then
        house.refresh(connection_id)
        other.flushdb()
        for key, value in dump.items():
            assert isinstance(value, bytes)
            other.restore(key, 0, value)
    # Then the wake-ups are there again, and nobody reads by them
    house.control.clear_calls()
    woken = broker.do_fetch("freebusy", 10)
    assert woken
    for _ in woken:
        house.refresh(connection_id)
    assert house.control.counts() == {}
    with services.database.read() as tx:
        assert refresh_jobs.backlog(tx).dirty == 0
