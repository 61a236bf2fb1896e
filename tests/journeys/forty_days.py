"""Some coaches' lives of forty days around a sandbox Cronofy: all that is random in them comes from
one seed.

Time stands still until `Season.pass_an_hour`. Then it passes for everybody: for the product's
clock, for Cronofy's, for what waits in the database and for a pause in Redis. Every hour the people
do something, their pushes arrive, the clock's jobs are run and all that is due is worked off, each
by the product's own code.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from dramatiq.brokers.stub import StubBroker
from sqlalchemy import Table, event
from structlog.testing import capture_logs

from storage.rows.reconciling import RECONCILE_FROM, RECONCILE_SPREAD
from storage.schema import tables
from storage.slots import listings
from storage.slots.listings import Listing
from tests.journeys.forty_people import PEOPLE, Life
from tests.support import people
from tests.support.clock_work import drain
from tests.support.in_process import NOWHERE, House, built
from tests.support.memory_mailer import MemoryMailer
from tests.support.ports import free_port
from webhooks.app import create_app
from workers import clock
from workers.bootstrap import bootstrap
from workers.budget import Budget
from workers.cronofy.client import Cronofy
from workers.cronofy.sandbox.http11 import SandboxServer
from workers.jobs import reconciling
from workers.services import Services

# A Monday. Clocks go back in London on 25 October, in Cairo on the 30th, in New York on 1 November.
BEGINS = datetime(2026, 10, 5, 6, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
RELINK_DAYS = (0, 1, 3, 7, 14)
HOURLY = ("reconcile", "audit", "roll")
LOST = "Your calendar is no longer connected"
WAITING: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (
        tables.connections,
        (
            "lease_until_ms",
            "next_attempt_at_ms",
            "wake_after_ms",
            "dirty_since_ms",
            "pushed_since_ms",
        ),
    ),
    (tables.outbox, ("lease_until_ms", "next_attempt_at_ms", "wake_after_ms")),
)


@dataclass(frozen=True)
class Pace:
    """How often calendars are reconciled, and how often the clock looks which."""

    reconcile: timedelta
    reconcile_busy: timedelta
    stale: timedelta
    turn: timedelta


REAL = Pace(60 * MINUTE, 15 * MINUTE, 90 * MINUTE, 15 * SECOND)
"""Production's own."""
SLOW = Pace(12 * HOUR, 3 * HOUR, 18 * HOUR, HOUR)
"""The same times twelve, and a turn every hour: forty days of the other would be ten thousand
reads.
"""


@dataclass
class Season:
    house: House
    rng: Random
    logs: list[Any]
    pace: Pace
    now: datetime = BEGINS
    hours: int = 0
    spared_until: datetime = BEGINS - HOUR
    """Until then something prevents reading."""
    lives: list[Life] = field(default_factory=list)
    mails: list[tuple[datetime, str]] = field(default_factory=list)
    """Those that ask to connect again: when, and to whom."""
    read_mails: int = 0
    ages: list[tuple[timedelta, timedelta]] = field(default_factory=list)
    """What was seen of staleness: the bound, and how old a calendar was."""

    @property
    def calm(self) -> bool:
        """Nothing prevents reading."""
        return self.now > self.spared_until

    def pass_an_hour(self) -> None:
        """Until just before the clock's next turn, when every calendar is as old as it gets. The
        turns within the hour at which nothing is due are left out. What was pushed before has
        arrived by then.
        """
        self.hear()
        self.hours += 1
        end = BEGINS + self.hours * HOUR
        while (turn := self._next_turn()) < end:
            self._pass_until(turn)
            self.check_staleness()
            for job in (clock.sweep, reconciling.reconcile):
                job(self.house.runtime.services, self.house.runtime.actors)
            self.work_off()
        self._pass_until(end)

    def _next_turn(self) -> datetime:
        """Of the clock's, the first at which a read is due."""
        moments = [self._due(self.row(life)) for life in self.lives] if self.calm else []
        turns = max((min(moments, default=BEGINS + 999 * DAY) - self.now) // self.pace.turn + 1, 1)
        return self.now.replace(microsecond=0) + turns * self.pace.turn

    def _due(self, row: Any) -> datetime:
        if row.done_gen < row.req_gen:
            return self.now + MINUTE  # after a gap, or a wait
        spread = RECONCILE_FROM + RECONCILE_SPREAD * row.last_ok_at.microsecond / 1_000_000
        return (
            row.last_ok_at + spread * self.interval(row)
            if row.trouble != "revoked"
            else self.now + DAY
        )

    def interval(self, row: Any) -> timedelta:
        return self.pace.reconcile_busy if row.changed_at > self.now - DAY else self.pace.reconcile

    def _pass_until(self, moment: datetime) -> None:
        was = self.now
        # What is read at once is spread by its milliseconds.
        self.now = moment + timedelta(milliseconds=self.rng.randrange(1000))
        passed = self.now - was
        self.house.sandbox.world.clock.advance(passed.total_seconds())
        with self.house.runtime.services.database.write() as tx:
            for table, names in WAITING:
                columns = {
                    name: table.c[name] - round(passed / timedelta(milliseconds=1))
                    for name in names
                }
                tx.execute(table.update().values(columns))
        self.house.runtime.services.redis.delete("budget:cronofy:pause")

    def work(self) -> None:
        """Pushes arrive, the clock ticks, and everything that is due is done."""
        self.hear()
        services, actors = self.house.runtime.services, self.house.runtime.actors
        clock.sweep(services, actors)
        for job in clock.JOBS:
            if self.hours % 24 == 0 or job.name in HOURLY:
                job.run(services, actors)
        self.work_off()
        self._open_the_post()

    def hear(self) -> None:
        """Until every push has been answered."""
        end = time.monotonic() + 60
        while pending := self.house.sandbox.world.pushes.show()["pending"]:
            assert time.monotonic() < end, f"{pending} pushes wait"
            time.sleep(0.001)

    def work_off(self) -> None:
        """What a worker would do with the wake-ups that wait, and with those that
        follow from them.
        """
        actors = self.house.runtime.actors
        while waiting := drain(self.house):
            for name, argument in dict.fromkeys(waiting):
                getattr(actors, name).fn(argument)

    def _open_the_post(self) -> None:
        mailer = self.house.runtime.services.mailer
        assert isinstance(mailer, MemoryMailer)
        for sent in mailer.sent[self.read_mails :]:
            if LOST in sent.parsed["Subject"]:
                self.mails.append((self.now, sent.recipients[0]))
        self.read_mails = len(mailer.sent)

    def row(self, life: Life) -> Any:
        with self.house.runtime.services.database.read() as tx:
            return people.row_of(tx, life.connected.connection_id)

    def listing(self, life: Life) -> Listing:
        services = self.house.runtime.services
        with services.database.read() as tx:
            return listings.listings(
                tx, [life.id], now=self.now, stale_after=services.stale_after()
            )[life.id]

    def told(self, event: str) -> int:
        """How often the logs say so."""
        return sum(1 for line in self.logs if line["event"] == event)

    def check_staleness(self) -> None:
        """G2, for whoever is not prevented from being read: the interval they have, and a turn of
        the clock.
        """
        for life in self.lives:
            row = self.row(life)
            if row.trouble is not None or row.last_ok_at is None or not self.calm:
                continue
            age = self.now - row.last_ok_at
            bound = self.interval(row) + (self.pace.turn if self.pace is SLOW else timedelta())
            assert age <= bound + SECOND, f"{life.id} is {age} old at {self.now}"
            self.ages.append((bound, age))


@contextmanager
def founded(database_url: str, redis_url: str, seed: int, pace: Pace = SLOW) -> Iterator[Season]:
    """Everybody is connected and was read once. Pushes come to a web process in this process."""
    port = free_port()
    intervals = {
        "reconcile_minutes": pace.reconcile // timedelta(minutes=1),
        "reconcile_busy_minutes": pace.reconcile_busy // timedelta(minutes=1),
        "stale_minutes": pace.stale // timedelta(minutes=1),
        "public_url": NOWHERE.rpartition(":")[0] + f":{port}",
    }
    with capture_logs() as logs, built(database_url, redis_url, now=BEGINS, **intervals) as house:
        season = Season(house, Random(seed), logs, pace)
        _without_waiting(season)
        house.control.set_page_size(50)
        with closing(season.house.runtime.services.cronofy), _served(house, port):
            for person in PEOPLE:
                house.introduce(person)
                account = house.connect(
                    person.id, zone=person.hours.zone, calendars=("Work", "Home")
                )
                season.lives.append(Life(person, account))
            season.work()
            yield season


def _without_waiting(season: Season) -> None:
    """The product's clock is the season's, and between two tries of a call to Cronofy
    nobody waits.
    """
    services, sandbox = season.house.runtime.services, season.house.sandbox
    _hurry(services)
    budget = Budget(services.redis, per_second=10_000, per_minute=100_000, sleep=_at_once)
    cronofy = Cronofy(
        sandbox.origin,
        sandbox.origin,
        sandbox.client_id,
        sandbox.client_secret,
        budget,
        sleep=_at_once,
    )
    services.cronofy.close()
    services = replace(services, cronofy=cronofy, now=lambda: season.now)
    season.house.runtime = bootstrap(services.settings, services=services, broker=StubBroker())


def _hurry(services: Services) -> None:
    """SQLite as the tests' PostgreSQL is: nobody pulls the plug."""
    engine = services.database.engine
    if engine.dialect.name == "sqlite":
        event.listen(
            engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF")
        )


def _at_once(_seconds: float) -> None:
    """Waiting where time stands still."""


@contextmanager
def _served(house: House, port: int) -> Iterator[None]:
    server = SandboxServer(("127.0.0.1", port), create_app(house.runtime))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.close(serving=True)
