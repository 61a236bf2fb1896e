"""P7: any and all of 200 coaches over 14 days, as the service answers them.

The floor is reading the same rows and looking at none of them. Computing them live is told beside.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import event, select

from domain.coaches import Policy
from domain.slots import build
from storage.rows import coaches
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import availability, listings, slot_sets
from storage.slots.availability import Asked
from tests.benchmarks.figures import Figure, Goal, Told, at_most, ratio_at_most
from tests.benchmarks.slot_work import ORIGIN, random_periods
from tests.benchmarks.work import Work, microseconds
from tests.support import people

Question = tuple[str, Any]
COACHES, DAYS = 200, 14
NOW = int(people.NOW.timestamp())
ASKED = Asked(60, NOW, NOW + DAYS * 86_400, NOW)
PERSON = replace(
    people.ADA, horizon_days=90, durations=(30, 45, 60, 90), policy=Policy("hours_only", 1)
)
FLOOR = "reading the rows"
QUESTIONS = "of it, its questions"


def measure(work: Work) -> Iterator[Told]:
    for kind in work.kinds:
        with work.database(kind) as database:
            _fill(database)
            times = work.amount(12, 5)
            sides = {
                FLOOR: _milliseconds(partial(_floor, database), times),
                "ours": _milliseconds(partial(_pool, database), times),
                "live": _milliseconds(_live, 1),
                QUESTIONS: _milliseconds(partial(_ask, database, _asked(database)), times),
            }
            found = work.in_turn(sides, work.amount(7, 3))
            goals: tuple[Goal, ...] = (ratio_at_most(1.5),)
            if kind == "postgresql":
                goals = (*goals, at_most(3))
            yield Figure(f"P7 pool, {kind}", "ms", found["ours"], FLOOR, found[FLOOR], goals)
            asked = found[QUESTIONS]
            yield Figure(f"P7 pool, {kind}, {QUESTIONS}", "ms", asked, FLOOR, found[FLOOR])
            yield Figure(f"P7 computed live, {kind}", "ms", found["live"], FLOOR, found[FLOOR])


def _fill(database: Database) -> None:
    with database.write() as tx:
        for number in range(COACHES):
            slot_sets.recompute(
                tx, coaches.put(tx, replace(PERSON, id=f"coach-{number}")), now=people.NOW
            )


def _floor(database: Database) -> None:
    with database.read() as tx:
        assert len(tx.execute(select(tables.slot_sets.c.bits)).all()) == COACHES


def _pool(database: Database) -> None:
    ids = [f"coach-{number}" for number in range(COACHES)]
    with database.read() as tx:
        found = listings.listings(tx, ids, now=people.NOW, stale_after=timedelta(minutes=90))
    assert len(availability.pool(list(found.values()), ASKED).any_open())


def _asked(database: Database) -> list[Question]:
    """What a pool asks of the database."""
    asked: list[Question] = []

    def note(_tx: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if sql.startswith("SELECT"):
            asked.append((sql, values))

    event.listen(database.engine, "before_cursor_execute", note)
    _pool(database)
    event.remove(database.engine, "before_cursor_execute", note)
    return asked


def _ask(database: Database, asked: list[Question]) -> None:
    """The same, put together already, and nothing made of the answers."""
    with database.read() as tx:
        for sql, values in asked:
            tx.exec_driver_sql(sql, values).all()


def _live() -> None:
    """Nothing is stored but busy periods, which are there already."""
    busy = random_periods(1_000 * DAYS // 90)
    for _ in range(COACHES):
        build(PERSON, busy, (), origin=ORIGIN, days=DAYS, reasons=False)


def _milliseconds(run: Callable[[], None], times: int) -> Callable[[], float]:
    measured = microseconds(run, times)
    return lambda: measured() / 1000
