"""New time zone rules: every set is made anew,
and the sessions whose local time moved are listed. Instants stay.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from domain.coaches import Coach
from domain.history import HistoryStep, Kept
from domain.hours import wall_clock
from storage.schema.history import note
from storage.schema.tables import sessions
from storage.slots import slot_sets

row = sessions.c


@dataclass(frozen=True, slots=True)
class Moved:
    """A session that was booked for one local time, and takes place at another."""

    session_id: str
    coach_id: str
    wall: str
    wall_moved: str

    @property
    def zone(self) -> str:
        return self.wall.partition(" ")[2]


def roll(tx: Connection, coach: Coach, *, now: datetime) -> list[Moved]:
    """Make the coach's set anew, under the rules of today, and answer the sessions that they newly
    moved.

    The caller holds the coach's lock.
    """
    slot_sets.recompute(tx, coach, now=now)
    found = _compare(tx, coach, now=now)
    slot_sets.rolled(tx, coach.id)  # last: until this is written the set is due for a roll
    return found


def _compare(tx: Connection, coach: Coach, *, now: datetime) -> list[Moved]:
    coming = (
        row.coach_id == coach.id,
        row.kind != "hold",
        row.active,
        row.starts > int(now.timestamp()),
    )
    found = []
    for each in tx.execute(
        select(row.id, row.starts, row.wall, row.wall_moved).where(*coming)
    ).all():
        # One that was booked before local times were kept is taken to be where it should.
        zone = coach.hours.zone
        if each.wall is not None:
            zone = each.wall.partition(" ")[2]
        wall = wall_clock(zone, each.starts)
        shifted = None
        if each.wall not in (None, wall):
            shifted = wall
        if each.wall is None or shifted != each.wall_moved:
            kept = {"wall": each.wall or wall, "wall_moved": shifted}
            tx.execute(sessions.update().where(row.id == each.id).values(kept))
            if shifted != each.wall_moved:
                note(tx, _step(each, coach, wall, now))
            if shifted is not None:
                found.append(Moved(each.id, coach.id, each.wall, shifted))
    return found


def _step(each: Row[Any, Any, Any, Any], coach: Coach, wall: str, now: datetime) -> HistoryStep:
    was: Kept = {"wall": each.wall_moved or each.wall}
    return HistoryStep(now, "clocks_moved", coach.id, each.id, before=was, after={"wall": wall})
