"""New time zone rules: every set is made anew, and the sessions whose local time moved are listed,
the coach's and each participant's. Instants stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from domain.coaches import Coach
from domain.history import HistoryStep, Kept
from domain.hours import wall_clock
from storage.schema.history import note
from storage.schema.tables import bookings, sessions
from storage.slots import slot_sets

row, seat = sessions.c, bookings.c


@dataclass(frozen=True, slots=True)
class Moved:
    """A session that was booked for one local time, and takes place at another: the coach's, or
    that of the participant of this booking.
    """

    session_id: str
    coach_id: str
    wall: str
    wall_moved: str
    booking_id: str | None = None

    @property
    def zone(self) -> str:
        return self.wall.partition(" ")[2]


def roll(tx: Connection, coach: Coach, *, now: datetime) -> list[Moved]:
    """Make the coach's set anew, under the rules of today, and answer the sessions that they newly
    moved.

    The caller holds the coach's lock.
    """
    slot_sets.recompute(tx, coach, now=now)
    found = [*_compare(tx, coach, now=now), *_compare_seats(tx, coach, now=now)]
    slot_sets.rolled(tx, coach.id)  # last: until this is written the set is due for a roll
    return found


def _compare(tx: Connection, coach: Coach, *, now: datetime) -> list[Moved]:
    found = []
    query = select(row.id, row.starts, row.wall, row.wall_moved).where(row.kind != "hold")
    for each in tx.execute(query.where(*_coming(coach, now))).all():
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


def _compare_seats(tx: Connection, coach: Coach, *, now: datetime) -> Iterator[Moved]:
    """The same of each participant, who may live where other rules changed than the coach's."""
    columns = (seat.id, seat.session_id, seat.participant, seat.wall, seat.wall_starts)
    query = select(*columns, seat.wall_moved, row.starts).join(sessions, seat.session_id == row.id)
    theirs = query.where(seat.status == "booked", *_coming(coach, now)).order_by(seat.id)
    for each in tx.execute(theirs).all():
        # What the release before booked, or moved since, is taken to be where it should.
        known = each.wall is not None and each.wall_starts == each.starts
        wall = wall_clock(each.participant["zone"], each.starts)
        kept = {"wall": wall, "wall_starts": each.starts, "wall_moved": None}
        if known and each.wall != wall:
            kept |= {"wall": each.wall, "wall_moved": wall}
        if known and kept["wall_moved"] == each.wall_moved:
            continue
        tx.execute(bookings.update().where(seat.id == each.id).values(kept))
        if kept["wall_moved"] != each.wall_moved:
            # Whose clock, not what it shows: the history keeps nothing of where somebody lives.
            at = HistoryStep(now, "clocks_moved", coach.id, each.session_id, each.id)
            note(tx, at)
            # So that whoever asks for what changed is told of it with its session.
            tx.execute(sessions.update().where(row.id == each.session_id).values(wall=row.wall))
        if kept["wall_moved"] is not None:
            yield Moved(each.session_id, coach.id, each.wall, wall, each.id)


def _coming(coach: Coach, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return row.coach_id == coach.id, row.active, row.starts > int(now.timestamp())


def _step(each: Row[Any, Any, Any, Any], coach: Coach, wall: str, now: datetime) -> HistoryStep:
    was: Kept = {"wall": each.wall_moved or each.wall}
    return HistoryStep(now, "clocks_moved", coach.id, each.id, before=was, after={"wall": wall})
