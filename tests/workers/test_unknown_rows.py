"""What another release wrote, and what nobody did: counted, told once, left alone, and in nobody's
way.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from typing import cast as cast_to

import pytest
import redis
from dramatiq import Worker
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from storage.rows import outbox as stored
from storage.schema import tables
from tests.support import exposition, people
from tests.support.in_process import House
from tests.support.mail_delivery import Mailroom
from workers import clock
from workers.actors import Actors, declare_actors
from workers.breaker import RedisBreaker
from workers.broker import Broker, create_broker, create_redis
from workers.collector import Figures
from workers.jobs import announcements
from workers.services import Services

WHOLE: dict[str, Any] = {
    "queue_name": "freebusy",
    "actor_name": "refresh_freebusy",
    "args": ["con_1"],
    "kwargs": {},
    "options": {"redis_message_id": "x"},
    "message_id": "m",
    "message_timestamp": 1,
}
GARBAGE: dict[str, object] = {
    "no JSON": b"\xff\xfe no JSON",
    "null": b"null",
    "a list": b"[]",
    "no options": WHOLE | {"options": None},
    "no id": WHOLE | {"options": {}},
    "an id that is none": WHOLE | {"options": {"redis_message_id": [1]}},
    "another queue": WHOLE | {"queue_name": "nosuch"},
    "two arguments": WHOLE | {"args": ["con_1", "con_2"]},
    "no arguments": WHOLE | {"args": None},
    "an argument that is no id": WHOLE | {"args": [{}]},
    "named arguments": WHOLE | {"kwargs": {"connection_id": "con_1"}},
    "a job that is no name": WHOLE | {"actor_name": ["refresh_freebusy"]},
    "a delay": WHOLE | {"options": {"redis_message_id": "x", "eta": 10**15}},
    "an exception to expect": WHOLE | {"options": {"redis_message_id": "x", "throws": "all"}},
    "another member": WHOLE | {"weight": 3},
    "nothing under its id": None,
}


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    client = create_redis(redis_url, timeout=5)
    yield client
    client.close()


@pytest.fixture
def broker(server: redis.Redis) -> Iterator[Broker]:
    breaker = RedisBreaker(server)
    yield create_broker(server, breaker)
    breaker.close()


@pytest.fixture
def actors(broker: Broker) -> Actors:
    """Only their messages matter: none of their jobs may run."""
    return declare_actors(broker, cast_to(Services, None))


def put(server: redis.Redis, content: object, *, number: int = 0) -> None:
    """A message, as it lies in Redis."""
    name = f"x{number}"
    if content is not None:
        if (
            isinstance(content, dict)
            and (content.get("options") or {}).get("redis_message_id") == "x"
        ):
            content = content | {"options": content["options"] | {"redis_message_id": name}}
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        server.hset("coachcal:freebusy.msgs", name, text)
    server.rpush("coachcal:freebusy", name)


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_a_queue_hinders_nothing_behind_it(
    server: redis.Redis, actors: Actors, broker: Broker, kind: str
) -> None:
    for number in range(20):
        put(server, GARBAGE[kind], number=number)
    actors.wake("con_9")
    with capture_logs() as logs:
        (text,) = broker.do_fetch("freebusy", 8)
    assert b"con_9" in text
    assert [line["event"] for line in logs] == ["unknown_message"] * (
        kind != "nothing under its id"
    )


@pytest.mark.usefixtures("actors")
def test_a_job_of_another_release_is_told_once_and_kept_for_a_while(
    server: redis.Redis, broker: Broker
) -> None:
    for number in range(20):
        put(server, WHOLE | {"actor_name": "brew_coffee"}, number=number)
    worker = Worker(broker, worker_timeout=20, worker_threads=2)
    with capture_logs() as logs:
        worker.start()
        until(lambda: server.zcard("coachcal:freebusy.XQ") == 20)
        worker.stop()
    assert [line["name"] for line in logs if line["event"] == "unknown_message"] == ["brew_coffee"]
    assert broker.counted.unknown.labels("job")._value.get() == 20  # the counter's own


@pytest.mark.parametrize(
    "name", ["coachcal:freebusy", "coachcal:freebusy.msgs", "coachcal:__heartbeats__"]
)
def test_a_key_of_ours_that_holds_something_else_is_set_aside_and_no_other_queue_waits(
    server: redis.Redis, actors: Actors, broker: Broker, name: str
) -> None:
    server.set(name, "garbage")
    with capture_logs() as logs:
        actors.wake("con_1")
        actors.roll("ada")
        until(lambda: bool(broker.do_fetch("slots", 8)))
        broker.do_fetch("freebusy", 8)
        actors.wake("con_2")
        assert b"con_2" in b"".join(broker.do_fetch("freebusy", 8))
    assert server.get(f"{name}.set_aside") == b"garbage"
    assert [line["event"] for line in logs] == ["unknown_message"]


@pytest.mark.parametrize(
    ("kind", "topic"), [("pigeon", "booked"), ("mail", "congratulated"), ("callback", "moon.full")]
)
def test_a_row_of_another_release_is_left_for_it_and_stands_in_nobody_s_way(
    mailroom: Mailroom, actors: Actors, kind: str, topic: str
) -> None:
    # Given a booking's mails, and 510 rows, more than a sweep takes, that are due, older, and that
    # nobody here knows
    mailroom.book()
    with mailroom.database.write() as tx:
        mail = dict(
            tx.execute(tables.outbox.select().where(tables.outbox.c.topic == "booked"))
            .mappings()
            .first()
            or {}
        )
        mine = mail["id"]
        strange = [
            mail | {"id": f"out_{n}", "dedupe_key": f"k{n}", "message_id": None} for n in range(510)
        ]
        old = {"kind": kind, "topic": topic, "wake_after_ms": 0, "version": 0}
        tx.execute(tables.outbox.insert(), [row | old for row in strange])
        newest = strange[0] | old | {"id": "out_newest", "dedupe_key": "newest", "version": 99}
        tx.execute(tables.outbox.insert(), [newest])
    mailroom.set_rows(wake_after_ms=0)
    # When the clock sweeps, and everything is delivered
    with mailroom.database.write() as tx:
        swept = [found for found, _ in stored.sweep(tx, now=mailroom.now)]
    assert mine in swept
    assert not {f"out_{n}" for n in range(510)} & set(swept)
    mailroom.work([(found, "mail") for found in ("out_0", mine)])
    actors.wake_outbox([("out_0", kind), (mine, "mail")])
    # Then ours went, and theirs are as they were: neither superseded nor dead, nor tried
    states = {row.id: (row.state, row.attempts) for row in all_rows(mailroom)}
    assert states[mine] == ("sent", 1)
    assert {states[f"out_{n}"] for n in range(510)} | {states["out_newest"]} == {("pending", 0)}
    # And they are counted, and told once
    with capture_logs() as logs:
        for _ in range(3):
            clock.sample(mailroom.services, actors)
    said = [line for line in logs if line["event"] == "unknown_rows"]
    assert [(line["kind"], line["count"]) for line in said] == [(f"{kind} {topic}", 511)]
    told = generate_latest(registry(mailroom.services)).decode()
    assert exposition.value(told, "coachcal_unknown_rows", table="outbox") == 511


def test_a_mail_that_says_more_than_this_release_knows_waits_for_one_that_does(
    mailroom: Mailroom,
) -> None:
    mailroom.book()
    row = mailroom.rows(topic="booked")[0]
    mailroom.set_rows(row.id, payload=row.payload | {"weather": "fine"})
    mailroom.work([(row.id, "mail")])
    found = next(each for each in mailroom.rows(topic="booked") if each.id == row.id)
    assert (found.state, found.unsure) == ("pending", 0)
    assert "another release" in found.last_error


def test_a_trouble_of_another_release_is_a_calendar_that_cannot_be_trusted(house: House) -> None:
    house.introduce()
    connection = house.connect().connection_id
    house.refresh(connection)
    house.set_row(connection, trouble="eclipsed")
    services, actors = house.runtime.services, house.runtime.actors
    assert house.listing().state == "disconnected"
    announcements.announce(services, actors)
    with capture_logs() as logs:
        clock.sample(services, actors)
    assert [line["kind"] for line in logs if line["event"] == "unknown_rows"] == ["eclipsed"]
    with services.database.read() as tx:
        assert people.row_of(tx, connection).told_trouble is None


def test_a_periodic_job_of_another_release_keeps_its_row(house: House) -> None:
    services = house.runtime.services
    with services.database.write() as tx:
        tx.execute(tables.schedule.insert().values(name="tide", next_run_at_ms=1, failures=7))
    clock.tick(services, house.runtime.actors)
    assert "tide" not in generate_latest(registry(services)).decode()
    with services.database.read() as tx:
        kept = tx.execute(tables.schedule.select().where(tables.schedule.c.name == "tide")).one()
    assert (kept.next_run_at_ms, kept.failures) == (1, 7)


def all_rows(mailroom: Mailroom) -> list[Any]:
    with mailroom.database.read() as tx:
        return list(tx.execute(tables.outbox.select()))


def registry(services: Services) -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(Figures(services))
    return found


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
