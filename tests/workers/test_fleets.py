"""Workers of some duties alone: they take from those queues and no other, each duty is told that
nobody has, and for how long its oldest row has been due.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from dramatiq import Worker, cli
from prometheus_client import CollectorRegistry

from domain.hours import DAY_SECONDS
from storage.rows import outbox
from storage.rows.outbox import Owed
from storage.schema import tables
from tests.support.command_line import run, told
from tests.support.in_process import House
from webhooks.cli import runs
from workers import manned, queues
from workers.actors import QUEUES, declare_actors
from workers.broker import create_broker, create_redis
from workers.collector import Figures
from workers.doctor import fleets
from workers.doctor.finding import Finding

__all__ = ["told"]

SENDING = {"mails", "callbacks"}


@pytest.fixture
def sending(told: House, redis_url: str) -> Iterator[House]:
    """And a worker on the real Redis that takes mails and callbacks."""
    broker = create_broker(create_redis(redis_url, timeout=5))
    declare_actors(broker, told.runtime.services)
    worker = Worker(broker, queues=SENDING, worker_timeout=20, worker_threads=1)
    worker.start()
    yield told
    worker.stop()
    broker.close()


def found(house: House) -> Finding:
    (finding,) = fleets.look(house.runtime.services)
    return finding


def owe(house: House, kind: str, due_at: datetime) -> None:
    now = house.runtime.services.now()
    row = Owed(kind, "booked", f"{kind}:1", 1, due_at, recipient="grace@example.test")
    with house.runtime.services.database.write() as tx:
        outbox.add(tx, [row], now=now)


def figures(house: House, name: str) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(Figures(house.runtime.services))
    said = {}
    for queue in QUEUES:
        value = registry.get_sample_value(name, {"queue": queue})
        assert value is not None, f"{name} of {queue}"
        said[queue] = value
    return said


def test_a_duty_that_nobody_has_is_told(sending: House) -> None:
    redis = sending.runtime.services.redis
    end = time.monotonic() + 60
    while any(not redis.exists(manned.key(queue)) for queue in SENDING):
        assert time.monotonic() < end, "the worker says nothing of its queues"
        time.sleep(0.02)
    assert queues.unmanned(sending.runtime.services) == ["freebusy", "slots", "calendars"]
    assert found(sending).next_step == "start: coachcal work --queues freebusy,slots,calendars"
    counted = figures(sending, "coachcal_queue_manned")
    assert {queue for queue, one in counted.items() if one} == SENDING
    # And once it is gone, nobody is believed to have it for long
    assert all(0 < redis.ttl(manned.key(queue)) <= manned.BELIEVED_SECONDS for queue in SENDING)


def test_before_the_first_start_nothing_is_wrong_until_something_is_owed(told: House) -> None:
    assert found(told).next_step == ""
    owe(told, "mail", told.runtime.services.now())
    assert found(told).next_step == "start: coachcal work"
    for queue in QUEUES:
        told.runtime.services.redis.set(manned.key(queue), 1)
    assert found(told) == Finding("workers", "each queue has one")


def test_each_duty_has_a_figure_to_scale_by(told: House) -> None:
    now = told.runtime.services.corrected_now()
    told.introduce()
    assert set(figures(told, "coachcal_queue_oldest_seconds").values()) == {0.0}
    owe(told, "mail", now - timedelta(minutes=2))
    today = int(now.timestamp()) // DAY_SECONDS * DAY_SECONDS
    with told.runtime.services.database.write() as tx:
        tx.execute(tables.slot_sets.update().values(origin=today - DAY_SECONDS))
    said = figures(told, "coachcal_queue_oldest_seconds")
    assert said["mails"] >= 120
    assert said["slots"] >= now.timestamp() - today
    assert (said["freebusy"], said["calendars"], said["callbacks"]) == (0.0, 0.0, 0.0)


def test_work_takes_the_queues_that_are_named(told: House, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(runs, "_become", lambda *words, **_: started.extend(words))
    assert run("work", "--queues", "mails, callbacks").exit_code == 0
    parser = cli.make_argument_parser()  # type: ignore[no-untyped-call]  # theirs
    assert parser.parse_args(started[1:]).queues == ["mails", "callbacks"]


def test_a_queue_that_there_is_not_is_refused_with_those_that_there_are(told: House) -> None:
    refused = run("work", "--queues", "mails,letters")
    assert refused.exit_code == 2
    assert "no queue 'letters'" in refused.output
    for queue in QUEUES:
        assert queue in refused.output
