"""What a coach, or Coach OS for them, changes:
each change and the slot set that follows from it in one transaction.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from domain.coaches import Coach
from storage.rows import calendars, coaches, connections, farewells, push_marks
from storage.slots import conflicts, slot_sets


@dataclass(frozen=True, slots=True)
class CoachChange:
    """The coach as stored now, whether it is new, the connections to wake a worker for once this is
    committed, and the sessions that it has put in conflict.
    """

    coach: Coach
    created: bool
    wake: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def put_coach(
    tx: Connection,
    coach_id: str,
    change: Callable[[Coach | None], Coach],
    *,
    expected: int | None,
    now: datetime,
) -> CoachChange:
    """Store what `change` makes of the coach that is there, with the slot set it means.

    Raises coaches.StaleVersion, Refused `coach_leaves`, and whatever `change` raises; then nothing
    is written. Where more
    of the calendars has to be known than was read, a read of each is owed: until then, what was not
    read is closed.
    """
    before = coaches.lock(tx, coach_id)
    farewells.refuse_leaving(tx, coach_id)
    # In a savepoint: on PostgreSQL a refused insert is the end of its transaction otherwise.
    try:
        with tx.begin_nested():
            after = coaches.put(tx, change(before), expected=expected)
    except IntegrityError:
        # Somebody created the coach since we looked (there was no row to lock): now it is there.
        before = coaches.lock(tx, coach_id)
        farewells.refuse_leaving(tx, coach_id)
        after = coaches.put(tx, change(before), expected=expected)
    if before is not None and before.version == after.version:
        return CoachChange(after, created=False)
    slot_sets.recompute(tx, after, now=now)
    met = conflicts.flag(tx, after, now=now)
    wake: tuple[str, ...] = ()
    if before is not None and _needs_reading(before, after):
        wake = _owe_reads(tx, coach_id)
    return CoachChange(after, created=after.version == 1, wake=wake, conflicts=met)


def _needs_reading(before: Coach, after: Coach) -> bool:
    # All-day items lie elsewhere in another zone, and may reach over the edges of what was read.
    there = (before.hours.zone, before.trips) != (after.hours.zone, after.trips)
    wider = there or before.horizon_days < after.horizon_days
    # What the coach did to our events is settled by the new policy when it is seen again.
    return wider or before.event_policy != after.event_policy


def _owe_reads(tx: Connection, coach_id: str) -> tuple[str, ...]:
    ids = connections.ids_of_coach(tx, coach_id)
    return tuple(each for each in ids if push_marks.mark_dirty(tx, each))


def choose_calendars(
    tx: Connection, coach_id: str, connection_id: str, chosen: Collection[str], *, now: datetime
) -> tuple[str, ...]:
    """Let these calendars of a coach's connection block, and no others. Every calendar was read:
    none is owed a read.

    Returns the sessions that this has put in conflict. Raises calendars.UnknownCalendar, Refused
    `coach_leaves`.
    """
    coach = coaches.lock(tx, coach_id)
    farewells.refuse_leaving(tx, coach_id)
    calendars.choose(tx, connection_id, chosen)
    if coach is None:
        return ()
    slot_sets.recompute(tx, coach, now=now)
    return conflicts.flag(tx, coach, now=now)
