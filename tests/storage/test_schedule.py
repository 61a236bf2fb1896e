"""A periodic job runs once when it is due, however many clocks tick."""

import threading

from storage import schedule
from storage.database import Database


def take(database: Database, every_ms: int = 60_000) -> bool:
    with database.write() as tx:
        return schedule.take(tx, "reconcile", every_ms=every_ms)


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
