"""P7 of the performance goals: any and all of 200 coaches over 14 days, as the service answers
them, on both databases.

The floor is reading the same rows and looking at none of them. What to hold are milliseconds a
pool, and the ratio.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from sqlalchemy import select

from domain.coaches import Policy
from storage import migrations
from storage.rows import coaches
from storage.schema import tables
from storage.schema.database import Database, create
from storage.slots import availability, listings, slot_sets
from storage.slots.availability import Asked
from tests.support import people
from tests.support.postgres import postgres_server

COACHES = 200
NOW = int(people.NOW.timestamp())
ASKED = Asked(60, NOW, NOW + 14 * 86_400, NOW)
TIMES = 60


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server:
        for url in (f"sqlite:///{Path(folder)}/bench.sqlite", server.create_database("bench")):
            database = create(url)
            migrations.migrate(database)
            _fill(database)
            floor, ours = _milliseconds(_floor, database), _milliseconds(_pool, database)
            name = database.engine.dialect.name
            print(
                f"P7 {name:<11} floor {floor:.2f} ms, ours {ours:.2f} ms = {ours / floor:.1f}x"
                " (goal: 3 ms)"
            )
            database.close()


def _fill(database: Database) -> None:
    person = replace(
        people.ADA, horizon_days=90, durations=(30, 45, 60, 90), policy=Policy("hours_only", 1)
    )
    with database.write() as tx:
        for number in range(COACHES):
            slot_sets.recompute(
                tx, coaches.put(tx, replace(person, id=f"coach-{number}")), now=people.NOW
            )


def _floor(database: Database) -> None:
    with database.read() as tx:
        assert len(tx.execute(select(tables.slot_sets.c.bits)).all()) == COACHES


def _pool(database: Database) -> None:
    ids = [f"coach-{number}" for number in range(COACHES)]
    with database.read() as tx:
        found = listings.listings(tx, ids, now=people.NOW, stale_after=timedelta(minutes=90))
    assert len(availability.pool(list(found.values()), ASKED).any_open())


def _milliseconds(work: Callable[[Database], None], database: Database) -> float:
    work(database)
    took = []
    for _ in range(TIMES):
        began = perf_counter_ns()
        work(database)
        took.append((perf_counter_ns() - began) / 1e6)
    return median(took)


if __name__ == "__main__":
    main()
