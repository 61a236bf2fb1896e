"""P8: every coach's slot set made anew from stored periods, by the deployed worker in two processes
on PostgreSQL: what a new release of the time zone rules asks for.

The floor is computing alone, in as many processes. 10,000 coaches within 20 s are 500 a second.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic, perf_counter, sleep

from sqlalchemy import Connection, Table, func, select, text

from domain.slots import build
from storage.schema import tables
from storage.schema.database import Database
from tests.benchmarks import plain_worker
from tests.benchmarks.cpu_shares import CpuShares
from tests.benchmarks.figures import Figure, Spread, Told, at_least
from tests.benchmarks.refresh_work import COACH
from tests.benchmarks.slot_work import DAYS, ORIGIN, random_periods
from tests.benchmarks.work import PROCESSES, Work, microseconds
from tests.support import people
from tests.support.processes import Town

PERIODS, LEAST_RATE = 1_000, 500
PATIENCE = 300
QUEUE = "coachcal:slots"
FIRST = 100_000
"""Added to a coach's number: ids of one length."""


def measure(work: Work) -> Iterator[Told]:
    count = work.amount(10_000, 300)
    sizes = {"COACHCAL_WORKER_PROCESSES": str(PROCESSES), "COACHCAL_WORKER_THREADS": "4"}
    periods = random_periods(PERIODS)
    compute = partial(build, COACH, periods, (), origin=ORIGIN, days=DAYS, reasons=True)
    computing = microseconds(compute, work.amount(200, 20))
    with work.town(env=sizes) as raised:
        work.tell(f"making {count:,} coaches")
        fill(raised.database, count)
        raised.start("worker")
        _rebuilt(work, raised, 1)  # the first job of a process is its slowest
        floor = computing()
        spent = CpuShares(raised, "worker")
        rebuilt = spent.during(partial(_rebuilt, work, raised, count), count)
        reached = Spread.of([rebuilt()])
    alone = Spread.of([PROCESSES * 1_000_000 / floor])
    name = f"computing alone, {PROCESSES} at a time"
    goals = (at_least(LEAST_RATE),)
    yield Figure(f"P8 {count:,} coaches", "coaches/s", reached, name, alone, goals)
    yield spent.figure(f"P8 {count:,} coaches", LEAST_RATE)


def fill(database: Database, count: int) -> None:
    """So many coaches, each with a calendar of so many periods: copies of the first."""
    moved = random_periods(PERIODS) - ORIGIN + int(datetime.now(UTC).timestamp())
    person = replace(COACH, id=f"coach-{FIRST}", email="ada@example.test")
    first = people.ready(database, person, *map(tuple, moved.tolist()))
    owned: dict[Table, dict[str, str]] = {
        tables.coaches: {"id": "'coach-' || n.i"},
        tables.connections: {
            "id": "'con-' || n.i",
            "coach_id": "'coach-' || n.i",
            "sub": "'acc-' || n.i",
        },
        tables.busy: {"connection_id": "'con-' || n.i"},
        tables.slot_sets: {"coach_id": "'coach-' || n.i"},
    }
    with database.write() as tx:
        for table, changes in owned.items():
            _copy(tx, table, changes, first, count)
        tx.execute(text("ANALYZE"))


def _copy(
    tx: Connection, table: Table, changes: dict[str, str], connection: str, count: int
) -> None:
    key = next(iter(changes))
    one = connection
    if table in (tables.coaches, tables.slot_sets):
        one = f"coach-{FIRST}"
    names = [column.name for column in table.c]
    values = ", ".join(changes.get(name, f"o.{name}") for name in names)
    sql = f"""INSERT INTO {table.name} ({", ".join(names)})
        SELECT {values} FROM {table.name} o, generate_series(:low, :high) AS n(i)
        WHERE o.{key} = :one"""
    tx.execute(text(sql), {"low": FIRST + 1, "high": FIRST + count - 1, "one": one})


def _rebuilt(work: Work, raised: Town, count: int) -> float:
    """Coaches a second, from the first wake-up to the last set that was stored."""
    row = tables.slot_sets
    with raised.database.write() as tx:
        # As if another release of the rules had made them.
        tx.execute(row.update().values(tzdata=""))
    began = perf_counter()
    end = monotonic() + PATIENCE
    plain_worker.wake_each(
        raised.environment["REDIS_URL"],
        QUEUE,
        "recompute_slots",
        [f"coach-{FIRST + number}" for number in range(count)],
    )
    query = select(func.count()).where(row.c.tzdata != "")
    while True:
        with raised.database.read() as tx:
            done = tx.scalar(query) or 0
        if done >= count:
            return count / (perf_counter() - began)
        assert monotonic() < end, f"{done} of {count} sets were made in {PATIENCE} s"
        work.tell(f"{done:,} of {count:,}")
        sleep(0.05)
