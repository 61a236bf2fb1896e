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


def ended(tx: Connection, name: str, *, well: bool) -> None:
    """Count the failures of a job since it last went well. Written only where it changes something."""
    if well:
        tx.execute(schedule.update().where(schedule.c.name == name, schedule.c.failures > 0).values(failures=0))
        return
    first = insert(tx, schedule).values(name=name, next_run_at_ms=0, failures=1)
    once_more = {"failures": schedule.c.failures + 1}
    tx.execute(first.on_conflict_do_update(index_elements=["name"], set_=once_more))
