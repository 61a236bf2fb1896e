"""A clock that is off is told no time: it is seen at once, told once, and is right
again by itself.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from storage.schema import tables
from storage.schema.database import create
from tests.support import exposition, people
from tests.support import http_client as desks
from tests.support.http_client import WEEK, Desk
from tests.support.mail_delivery import Mailroom
from webhooks.app import create_app
from workers import clock, doctor
from workers.actors import declare_actors
from workers.breaker import RedisBreaker
from workers.broker import create_broker, create_redis
from workers.delivery import outbox
from workers.services import Services
from workers.skew import EVERY, ClockOff, ProductClock, reference

HOUR = 3600.0


@dataclass
class Machine:
    """A machine's two clocks, of which one may be set; and a database's, which is right."""

    now: float = 1_000_000.0
    shift: float = 0.0
    asked: int = 0
    takes: float = 0.0
    away: bool = False
    slept: float = 0.0
    clock: ProductClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = ProductClock(
            self.ask, wall=lambda: self.now + self.shift, monotonic=self.monotonic
        )

    def monotonic(self) -> float:
        return self.now - 900_000 - self.slept

    def ask(self) -> float | None:
        self.asked += 1
        self.now += self.takes
        return None if self.away else self.now


@pytest.mark.parametrize("seconds", [0.0, 4.9, -4.9])
def test_a_clock_that_is_nearly_right_is_told(seconds: float) -> None:
    machine = Machine(shift=seconds)
    assert machine.clock.now() == datetime.fromtimestamp(machine.now + seconds, UTC)


@pytest.mark.parametrize("seconds", [5.2, -5.2, 120, -120, HOUR, -HOUR])
def test_one_that_is_off_at_the_start_or_steps_later_is_refused_at_once_and_told_when_it_is_right(
    seconds: float,
) -> None:
    machine = Machine(shift=seconds)
    with pytest.raises(ClockOff, match="NTP"):
        machine.clock.now()
    machine = Machine()
    with capture_logs() as logs:
        machine.clock.now()
        machine.shift = seconds
        for _ in range(3):
            with pytest.raises(ClockOff) as refused:
                machine.clock.now()
            assert refused.value.right == datetime.fromtimestamp(machine.now, UTC)
        machine.shift = 0
        machine.clock.now()
    assert [line["event"] for line in logs] == ["clock_off", "clock_right"]


def test_the_database_is_asked_now_and_then_and_not_at_each_look() -> None:
    machine = Machine()
    for _ in range(100):
        machine.clock.now()
        machine.now += EVERY / 25
    assert machine.asked <= 5


def test_a_machine_that_slept_is_no_machine_that_is_wrong() -> None:
    """One of its clocks stood still meanwhile, the other was set by the hardware's: they drift
    apart, and are right.
    """
    machine = Machine()
    machine.clock.now()
    machine.slept = 600
    machine.now += 600
    machine.clock.now()


def test_a_slow_answer_is_no_wrong_clock() -> None:
    machine = Machine(takes=20)
    assert machine.clock.now().timestamp() == machine.now


def test_a_database_that_is_away_leaves_the_last_word_and_a_step_is_seen_all_the_same() -> None:
    machine = Machine()
    machine.clock.now()
    machine.away = True
    machine.now += 600
    machine.clock.now()
    machine.shift = HOUR
    assert machine.clock.off()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def on(services: Services, machine: Machine) -> Services:
    """The same on that machine, where it is NOW by a right clock."""
    clock_ = ProductClock(
        machine.ask,
        offset=people.NOW - datetime.fromtimestamp(machine.now, UTC),
        wall=lambda: machine.now + machine.shift,
        monotonic=machine.monotonic,
    )
    return replace(services, clock=clock_, now=clock_.now)


@pytest.mark.parametrize("kind", ["mail", "calendar", "callback"])
def test_nothing_that_is_owed_ends_by_a_wrong_clock(
    mailroom: Mailroom, machine: Machine, kind: str
) -> None:
    """Neither when it was wrong before the row was claimed, nor when it steps after."""
    mailroom.book()
    with mailroom.database.write() as tx:
        found = tx.execute(
            tables.outbox.select().where(tables.outbox.c.topic == "reminder")
        ).first()
        assert found is not None
        payload = found.payload if kind == "mail" else {"timestamp": people.NOW.isoformat()}
        due = {"due_at": people.NOW, "kind": kind, "payload": payload}
        tx.execute(tables.outbox.update().where(tables.outbox.c.id == found.id).values(due))
    services = on(mailroom.services, machine)
    machine.shift = 365 * 24 * HOUR
    with pytest.raises(ClockOff):
        outbox.deliver(services, found.id)
    assert state(mailroom, found.id) == ("pending", 0)
    machine.shift = 0
    outbox.deliver(replace(services, now=stepping(services, machine)), found.id)
    assert state(mailroom, found.id)[0] == "pending", "it stays owed"


def stepping(services: Services, machine: Machine) -> Callable[[], datetime]:
    """A clock that is right when it is first asked, and then never again."""
    before = services.now()

    def now() -> datetime:
        if not machine.shift:
            machine.shift = 365 * 24 * HOUR
            return before
        return services.clock.now()

    return now


def state(mailroom: Mailroom, outbox_id: str) -> tuple[str, int]:
    with mailroom.database.read() as tx:
        row = tx.execute(tables.outbox.select().where(tables.outbox.c.id == outbox_id)).one()
    return row.state, row.attempts


@pytest.fixture
def desk(database_url: str, machine: Machine) -> Iterator[Desk]:
    with desks.opened(database_url, broker=StubBroker()) as opened:
        runtime = replace(opened.runtime, services=on(opened.runtime.services, machine))
        yield Desk(runtime, create_app(runtime).test_client())


def test_a_web_process_on_such_a_machine_takes_pushes_and_answers_503_to_whatever_depends_on_time(
    desk: Desk, machine: Machine
) -> None:
    # Given a listing that was asked for before, so that its answer is kept
    people.introduce(desk.database)
    connection = desks.connect(desk)
    assert desk.get(WEEK).status_code == 200
    assert desk.get(WEEK).status_code == 200
    before = desk.dump()
    # When the machine's clock steps
    machine.shift = HOUR
    # Then nothing that depends on it is answered, nothing is written, and whoever watches is told
    for method, path in DEPENDENT:
        answer = desk.ask(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json["code"]) == (503, "clock_off"), path
        assert "Retry-After" in answer.headers
    assert desk.dump() == before
    assert desk.look("/readyz").json["database"] == "other_time"
    assert desk.look("/healthz").status_code == 200
    told = desk.look("/metrics").text
    assert exposition.value(told, "coachcal_clock_skew_seconds") == pytest.approx(HOUR)
    assert exposition.firing(told) >= {"CoachcalClockOff"}
    # And pushes are taken as ever
    assert desk.push().status_code == 204
    assert desk.owes(connection) == 1
    # When it is right again, all is well
    machine.shift = 0
    assert desk.get(WEEK).status_code == 200
    assert "CoachcalClockOff" not in exposition.firing(desk.look("/metrics").text)


DEPENDENT = (
    ("GET", WEEK),
    ("GET", "/v1/coaches/ada"),
    ("GET", "/v1/slots?coach_id=ada&from=2026-06-01&to=2026-06-08&duration=60"),
    ("POST", "/v1/coaches/ada/connect"),
)


def test_a_worker_and_a_clock_on_such_a_machine_take_no_work(
    mailroom: Mailroom, machine: Machine, redis_url: str
) -> None:
    # Given a wake-up, and a machine whose clock is off
    services = on(mailroom.services, machine)
    client = create_redis(redis_url, timeout=5)
    broker = create_broker(client, RedisBreaker(client), services.clock)
    actors = declare_actors(broker, services)
    machine.shift = HOUR
    row = mailroom.book().wake[0]
    with capture_logs() as logs:
        actors.wake_outbox([row])
        worker = Worker(broker, worker_timeout=20, worker_threads=1)
        worker.start()
        clock.tick(services, actors)
        time.sleep(0.3)
        # Then the wake-up stays for others, no job of the clock ran, and it was told once
        assert client.llen("coachcal:mails") == 1
        assert state(mailroom, row[0]) == ("pending", 0)
        with mailroom.database.read() as tx:
            assert tx.execute(tables.schedule.select()).all() == []
    assert [line["event"] for line in logs] == ["clock_off"]
    # When it is right again, then the worker goes on by itself
    machine.shift = 0
    end = time.monotonic() + 60
    while state(mailroom, row[0])[0] != "sent":
        assert time.monotonic() < end
        time.sleep(0.02)
    worker.stop()
    client.close()


def test_the_doctor_compares_the_clocks(mailroom: Mailroom, machine: Machine) -> None:
    services = on(mailroom.services, machine)
    assert not next(doctor._clock(services)).next_step
    machine.shift = -HOUR
    assert "NTP" in next(doctor._clock(services)).next_step


def test_the_database_is_the_judge_and_with_sqlite_redis(mailroom: Mailroom) -> None:
    services = mailroom.services
    ask = reference(services.database, services.redis, services.breaker)
    there = ask()
    assert there is not None
    assert abs(there - time.time()) < 5
    ahead = ProductClock(ask, wall=lambda: time.time() + 60)
    assert ahead.off()
    # Nobody to compare with is no reason to stop
    away = create_redis("redis://127.0.0.1:9", timeout=0.2)
    nobody = reference(create("sqlite://"), away, RedisBreaker(away))
    assert not ProductClock(nobody, wall=lambda: time.time() + 60).off()
