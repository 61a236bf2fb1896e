"""A periodic job runs once when it is due, however many clocks tick."""

import threading

from sqlalchemy import Connection

from storage.rows import clock_jobs
from storage.schema import tables
from storage.schema.database import Database


def take(database: Database, every_ms: int = 60_000) -> bool:
    with database.write() as tx:
        return clock_jobs.take(tx, "reconcile", every_ms=every_ms) is not None


def test_one_of_many_clocks_gets_the_job(database: Database) -> None:
    taken: list[bool] = []
    threads = [threading.Thread(target=lambda: taken.append(take(database))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


def test_a_job_is_due_again_when_its_time_has_passed(database: Database) -> None:
    assert take(database, every_ms=0)
    assert take(database, every_ms=60_000)
    assert not take(database)


def test_a_clock_that_slept_past_its_turn_says_nothing_about_the_next_one(
    database: Database,
) -> None:
    # Given a job whose turn another clock has by now, and that failed there
    with database.write() as tx:
        late = clock_jobs.take(tx, "reconcile", every_ms=0)
        mine = clock_jobs.take(tx, "reconcile", every_ms=60_000)
        clock_jobs.ended(tx, "reconcile", mine, well=False)
        # When the first comes back, either way
        for well in (True, False):
            clock_jobs.ended(tx, "reconcile", late, well=well)
        # Then one failure is counted, until the job goes well
        assert failures(tx) == 1
        clock_jobs.ended(tx, "reconcile", mine, well=True)
        assert failures(tx) == 0


def failures(tx: Connection) -> int:
    found: int = tx.execute(tables.schedule.select()).one().failures
    return found
