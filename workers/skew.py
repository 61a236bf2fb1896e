"""The product's clock: this machine's, watched against the database's all the time.

A machine whose clock is wrong would end what is not over, remind of what is long gone and sell
yesterday. So who is more than 5 s off is told no time at all: whatever depends on it stops there,
changes nothing, and goes on once the clock is right. Leases, pushes and reads' generations do not
depend on it: they compare the database's clock.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

import redis
import structlog

from storage.rows import clock_jobs
from storage.schema import database_clock
from storage.schema.database import Database, Unavailable
from storage.transactions import recovery
from workers.breaker import FAILURES, RedisBreaker

log = structlog.get_logger()

LIMIT = 5.0
"""Seconds off that are borne."""
EVERY = 2.0
"""Seconds between two looks at the database's clock; what steps in between is seen at once, without
a look.
"""
SETBACK = 0.5
"""Seconds that the database's clock may run back unseen."""
MOMENT = 0.05
TRIES = 5

Ask = Callable[[], float | None]
"""The time that somebody else's clock shows, in seconds since 1970; None: nobody is
there to ask.
"""


class ClockOff(RuntimeError):
    """This machine's clock is wrong. `right`: what the product's would show by the database's."""

    def __init__(self, seconds: float, right: datetime) -> None:
        super().__init__(
            f"this machine's clock is {seconds:+.0f} s off the database's: synchronise it (NTP)"
        )
        self.seconds = seconds
        self.right = right


class ProductClock:
    """Safe to share between threads.
    `offset` shifts the product's time, and is no error of the clock.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        offset: timedelta = timedelta(),
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._offset = offset
        self._wall = wall
        self._monotonic = monotonic
        self._lock = Lock()
        # The other clock less `monotonic`, as it was when last asked.
        self._other: float | None = None
        self._unsure = 0.0
        self._asked_at = -EVERY
        self._looks = 0
        self._off = False

    def now(self) -> datetime:
        """Aware UTC. Raises ClockOff."""
        off = self.off()
        wall, ahead = self._here()
        now = datetime.fromtimestamp(wall, UTC) + self._offset
        # The race: the clock steps after we looked. What is told is compared once more by itself.
        if off or self._beyond(ahead):
            raise ClockOff(ahead, now - timedelta(seconds=ahead))
        return now

    def off(self) -> bool:
        """Whether it is too far off to be told.
        The database is asked at most every 2 s, or when it seems to step.
        """
        if self._monotonic() - self._asked_at >= EVERY:
            self._look()
        if not self._off and self._beyond(self.ahead()):
            # The machine may have slept, or we while we looked: that is no wrong clock
            self._look()
        off = self._beyond(self.ahead())
        if off != self._off:
            self._log(off=off)
        return off

    def ahead(self) -> float:
        """By how many seconds it is ahead, as far as is known;
        0 where there is nobody to compare with.
        """
        return self._here()[1]

    def _beyond(self, ahead: float) -> bool:
        # In our favour: a database that answered slowly is no proof of a wrong clock.
        return abs(ahead) - self._unsure > LIMIT

    def _here(self) -> tuple[float, float]:
        """What this machine shows, and by how many seconds it is ahead."""
        # Two readings that belong together: a process that was frozen in between reads anew. After
        # some tries it takes what it has, on a machine that never lets it go on for that long.
        for _ in range(TRIES):
            before = self._monotonic()
            wall = self._wall()
            if self._monotonic() - before < MOMENT:
                break
        if self._other is None:
            return wall, 0.0
        return wall, wall - before - self._other

    def _look(self) -> None:
        # The race: all threads find at once that it is time to look. One asks the database; the
        # others wait for it only where nothing is known yet, or where this clock seems to be off.
        looks = self._looks
        if not self._lock.acquire(blocking=self._other is None or self._beyond(self.ahead())):
            return
        try:
            if looks != self._looks:
                return  # somebody else did while we waited
            before = self._monotonic()
            there = self._ask()
            self._asked_at = after = self._monotonic()
            self._looks += 1
            if there is not None:
                # Read at some point between the two: what we do not know of it is no fault of the
                # clock's.
                self._other, self._unsure = there - (before + after) / 2, (after - before) / 2
        finally:
            self._lock.release()

    def _log(self, *, off: bool) -> None:
        with self._lock:
            if off == self._off:
                return
            self._off = off
        if off:
            log.error("clock_off", seconds=round(self.ahead(), 1))
        else:
            log.info("clock_right")


class Setbacks:
    """The database's clock, looked at for being set back: an hour that was wrong, and is put right;
    a standby that was promoted, whose clock is behind.

    What waits for a moment of that clock, and ends a lease by it, would wait for so much longer. A
    clock that was set forward needs nothing: all of it is over early.
    """

    def __init__(self, database: Database, *, lease_seconds: float) -> None:
        self._database = database
        self._lease_ms = round(1000 * lease_seconds)
        self._seen = 0.0

    def look(self) -> None:
        """Raises one of storage.schema.database.Unavailable."""
        there = database_clock.clock(self._database)
        if self._seen:
            back = self._seen - there
        else:
            back = self._before()
        # Written before it is forgotten: a database that goes away meanwhile is looked at again.
        if back > SETBACK:
            with self._database.write() as tx:
                recovery.clock_set_back(tx, lease_ms=self._lease_ms)
            log.warning("database_clock_set_back", seconds=round(back, 1))
        self._seen = there

    def _before(self) -> float:
        """Seconds that it was set back while no clock process looked: what one saw ends with it,
        but the turns of the clock's jobs stay.
        """
        # Not at the top: that module needs this one.
        from workers.clock import JOBS

        with self._database.read() as tx:
            longer = clock_jobs.turns_too_long(tx, {job.name: job.every_ms for job in JOBS})
        return longer / 1000


def reference(database: Database, client: redis.Redis, breaker: RedisBreaker) -> Ask:
    """The database server's clock.
    SQLite has none but this machine's own: then Redis's, if it is there.
    """
    if database.engine.dialect.name == "sqlite":
        return lambda: _of_redis(client, breaker)
    return lambda: _of_database(database)


def _of_database(database: Database) -> float | None:
    try:
        return database_clock.clock(database)
    except Unavailable:
        return None


def _of_redis(client: redis.Redis, breaker: RedisBreaker) -> float | None:
    if breaker.open:
        return None
    try:
        seconds, microseconds = client.time()
    except FAILURES as error:
        breaker.failed(error)
        return None
    return float(seconds + microseconds / 1e6)
