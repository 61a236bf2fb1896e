"""Where the time of pushes goes: measured with each read, kept a minute long, told as means."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from domain.push_stages import NO_WAITS, STAGES, CronofyWaits, Failure
from storage.reports import samples, stage_waits
from storage.reports.stage_waits import Storm
from storage.rows import push_marks, refresh_jobs
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import store_reading
from tests.support import people

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada(database: Database) -> str:
    return people.ready(database)


def pushed(database: Database, connection_id: str, *, ago_ms: int, due_ago_ms: int) -> None:
    """A push so long ago, on a calendar that might be read since then."""
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection_id, pushed=True)
    row = tables.connections.c
    with database.write() as tx:
        tx.execute(
            tables.connections.update()
            .where(row.id == connection_id)
            .values(
                pushed_since_ms=row.pushed_since_ms - ago_ms,
                next_attempt_at_ms=row.pushed_since_ms - due_ago_ms,
            )
        )


def read(database: Database, connection_id: str, waits: CronofyWaits = NO_WAITS) -> None:
    held = people.claim(database, connection_id)
    assert held is not None
    observed = store_reading.Observed(
        people.observed().reading, people.observed().window_end, waits=waits
    )
    with database.write() as tx:
        assert store_reading.store(tx, held, observed, now=people.NOW) is not None


def storm(database: Database) -> Storm:
    with database.read() as tx:
        return stage_waits.storm(tx, now=people.NOW)


def a_minute(tx: Connection, at: int, pushes: int, **ms: float) -> None:
    values = {f"push_stage_{stage}": 0.0 for stage in STAGES}
    values |= {f"push_stage_{stage}": spent for stage, spent in ms.items()}
    samples.put(tx, values | {"push_stage_seen": pushes}, at=people.NOW - at * MINUTE)


def test_a_push_that_was_read_tells_what_it_waited_for(database: Database, ada: str) -> None:
    pushed(database, ada, ago_ms=9_000, due_ago_ms=4_000)
    read(database, ada, CronofyWaits(budget_ms=300, cronofy_ms=500))
    now = storm(database).now
    assert now is not None
    assert now.pushes == 1
    assert 9_000 <= now.total < 60_000
    assert now.stages["gap"] == 5_000
    assert 4_000 <= now.stages["queue"] < 60_000
    assert (now.stages["budget"], now.stages["cronofy"]) == (300, 500)


@pytest.mark.parametrize("failure", ["budget", "cronofy", "database", "fault"])
def test_a_read_that_broke_off_is_told_until_it_is_made_again(
    database: Database, ada: str, failure: Failure
) -> None:
    pushed(database, ada, ago_ms=9_000, due_ago_ms=9_000)
    held = people.claim(database, ada)
    assert held is not None
    assert storm(database).reading.pushes == 1
    with database.write() as tx:
        refresh_jobs.give_back(tx, held, error="x", failure=failure, retry_in_ms=60_000)
    waiting = storm(database).waiting
    assert {stage: each.pushes for stage, each in waiting.items()} == {failure: 1}
    assert waiting[failure].oldest >= 9
    # When it might be made again, 8 of its 9 seconds were the failure's
    pushed(database, ada, ago_ms=0, due_ago_ms=-8_000)
    assert {stage: each.pushes for stage, each in storm(database).waiting.items()} == {"queue": 1}
    read(database, ada)
    now = storm(database).now
    assert now is not None
    assert now.stages[failure] >= 8_000
    # And it is forgotten with the read that went well
    pushed(database, ada, ago_ms=0, due_ago_ms=-60_000)
    assert {stage: each.pushes for stage, each in storm(database).waiting.items()} == {"gap": 1}


def test_a_minute_becomes_means_and_now_is_the_last_of_them_and_what_came_since(
    database: Database, ada: str
) -> None:
    with database.write() as tx:
        a_minute(tx, 15, 7, queue=1.0)
        a_minute(tx, 3, 2, gap=30.0, cronofy=10.0)
        a_minute(tx, 1, 3, cronofy=100.0)
        a_minute(tx, 16, 9, queue=1.0)
    pushed(database, ada, ago_ms=0, due_ago_ms=0)
    read(database, ada, CronofyWaits(cronofy_ms=500))
    found = storm(database)
    assert [minute.pushes for minute in found.minutes] == [7, 2, 3]
    assert found.minutes[1].stages["gap"] == 30.0
    assert found.now is not None
    assert found.now.pushes == 4
    assert found.now.stages["cronofy"] == (3 * 100 + 500) / 4


def test_what_was_seen_is_written_down_once_with_its_stages(database: Database, ada: str) -> None:
    pushed(database, ada, ago_ms=2_000, due_ago_ms=2_000)
    read(database, ada)
    with database.write() as tx:
        values = samples.summarise(tx)
        assert samples.summarise(tx) == {}
    assert values["push_stage_seen"] == 1
    assert values["push_stage_queue"] >= 2_000
    stages = sum(values[f"push_stage_{stage}"] for stage in STAGES)
    assert stages == pytest.approx(values["push_visible_p50"])


def test_nothing_is_told_of_what_another_release_did_not_measure(database: Database) -> None:
    with database.write() as tx:
        tx.execute(tables.visible.insert().values(id="1", at=people.NOW, ms=40))
    assert storm(database).now is None
    with database.write() as tx:
        assert set(samples.summarise(tx)) == set(samples.PERCENTILES)
