"""The clock beside whoever holds a row: one coach who is held keeps no other job and no other coach
waiting.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from storage.rows import coaches
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import holds, recovery
from tests.support import people
from tests.support.in_process import House
from workers import clock

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def hold(house: House, coach_id: str) -> None:
    """A time of the coach's, kept for ten minutes."""
    database = house.runtime.services.database
    people.ready(database, replace(people.MAILED, id=coach_id))
    with database.write() as tx:
        holds.hold(tx, Wanted(coach_id, people.at(2, 10), 60), coach_id, 10, people.terms())


def held(house: House) -> set[str]:
    with house.runtime.services.database.read() as tx:
        query = tables.sessions.select().where(tables.sessions.c.kind == "hold")
        return {row.coach_id for row in tx.execute(query)}


def test_a_coach_who_is_held_keeps_no_other_job_and_no_other_coach_waiting(house: House) -> None:
    for coach_id in ("ada", "bob"):
        hold(house, coach_id)
    services = replace(house.runtime.services, now=lambda: people.NOW + timedelta(minutes=11))
    assert held(house) == {"ada", "bob"}
    # Given somebody who has Ada's row, and keeps it
    with house.runtime.services.database.write() as other, capture_logs() as logs:
        assert coaches.lock(other, "ada") is not None
        # When the clock ticks
        clock.tick(services, house.runtime.actors)
    # Then the time of the other coach is open, and every job has had its turn
    assert held(house) == {"ada"}
    with house.runtime.services.database.read() as tx:
        ran = set(tx.scalars(tables.schedule.select().with_only_columns(tables.schedule.c.name)))
    assert ran >= {job.name for job in clock.JOBS}
    assert [line["coach"] for line in logs if line["event"] == "coach_is_held"] == ["ada"]


def test_after_an_outage_nothing_of_ours_waits_for_a_row_that_somebody_holds(house: House) -> None:
    database = house.runtime.services.database
    kept, free = (
        people.ready(database, replace(people.MAILED, id=name)) for name in ("ada", "bob")
    )
    for connection_id in (kept, free):
        people.mark_dirty(database, connection_id)
    connection = tables.connections
    with database.write() as tx:
        tx.execute(connection.update().values(wake_after_ms=2**50, next_attempt_at_ms=0))
    with database.write() as other:
        other.execute(connection.update().where(connection.c.id == kept).values(attempts=1))
        with database.write() as tx:
            recovery.pull_forward(tx, now=people.NOW)
    with database.read() as tx:
        rows = {row.id: row.wake_after_ms for row in tx.execute(connection.select())}
    assert rows[kept] == 2**50
    assert rows[free] < 2**50
