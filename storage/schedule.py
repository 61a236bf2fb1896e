"""The clock's table: which periodic job is due, decided by compare-and-swap so that replicas never run one twice."""

from sqlalchemy import Connection, select

from storage.database import clock_ms, insert
from storage.tables import schedule


def take(tx: Connection, name: str, *, every_ms: int) -> bool:
    """True for exactly one caller each time `every_ms` has passed."""
    waiting = select(schedule.c.name).where(schedule.c.name == name, schedule.c.next_run_at_ms > clock_ms())
    if tx.scalar(waiting) is not None:
        return False
    tx.execute(insert(tx, schedule).values(name=name, next_run_at_ms=0).on_conflict_do_nothing())
    due = schedule.update().where(schedule.c.name == name, schedule.c.next_run_at_ms <= clock_ms())
    return tx.execute(due.values(next_run_at_ms=clock_ms() + every_ms)).rowcount == 1
