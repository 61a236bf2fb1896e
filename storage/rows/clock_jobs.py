"""The clock's table: which periodic job is due,
decided by compare-and-swap so that replicas never run one twice.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, and_, select

from storage.schema.database import insert
from storage.schema.database_clock import clock_ms
from storage.schema.leases import Lease
from storage.schema.tables import schedule

# A turn lasts until the next one: its token tells who was late.
TURN = Lease(schedule.c.lease_token, schedule.c.next_run_at_ms)
WAITING = select(schedule.c.name).where(TURN.lasts)


def waiting(tx: Connection) -> set[str]:
    """The jobs that are not due. Asked for all of them first: nearly every tick finds none that is
    due, and to try each would be a transaction each.
    """
    return set(tx.scalars(WAITING))


def take(tx: Connection, name: str, *, every_ms: int) -> str | None:
    """A token for exactly one caller each time `every_ms` has passed;
    None: it is not due, or somebody else's.
    """
    tx.execute(insert(tx, schedule).values(name=name, next_run_at_ms=0).on_conflict_do_nothing())
    # The race: two clocks find it due at once. The second waits for the first one's row, and finds
    # an end that lies ahead.
    due = schedule.update().where(schedule.c.name == name, TURN.open).values(TURN.take(every_ms))
    return tx.scalar(due.returning(TURN.token))


def ended(tx: Connection, name: str, turn: str | None, *, well: bool) -> None:
    """Count the failures of a job since it last went well. Written only where it changes something,
    and not by a clock that slept until another one had the next turn. `turn` None: the job has
    none, and runs everywhere.
    """
    mine = schedule.c.name == name
    if turn is not None:
        mine = and_(mine, TURN.by(turn))
    if well:
        tx.execute(schedule.update().where(mine, schedule.c.failures > 0).values(failures=0))
        return
    if turn is None:
        tx.execute(
            insert(tx, schedule).values(name=name, next_run_at_ms=0).on_conflict_do_nothing()
        )
    tx.execute(schedule.update().where(mine).values(failures=schedule.c.failures + 1))


def turns_too_long(tx: Connection, periods: Mapping[str, int]) -> int:
    """How many milliseconds longer a turn still lasts than a whole turn of its job does, at the
    most: by no less the database's clock was set back since it began. `periods`: milliseconds, by
    name; a job of another release is passed over.
    """
    left = select(schedule.c.name, schedule.c.next_run_at_ms - clock_ms()).where(TURN.lasts)
    found = tx.execute(left.where(schedule.c.name.in_(periods)))
    return max((more - periods[name] for name, more in found), default=0)
