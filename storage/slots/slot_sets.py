"""Slot sets as stored: one packed row a coach, recomputed from stored periods,
read with what they are worth now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version as installed

import numpy as np
from sqlalchemy import Connection, func, select

from domain.coaches import Coach
from domain.freebusy import Reading, blocking
from domain.hours import DAY_SECONDS
from domain.slots import Own, SlotSet, build
from domain.slots.cells import Periods
from domain.slots.packing import look_back
from storage.rows import calendars as calendar_rows
from storage.rows import event_differences, holds, sessions
from storage.schema.tables import busy, connections, slot_sets

# Sets reach this far past the horizon,
# so that a set rolled once a day never runs out between two rolls.
MARGIN_DAYS = 8

# Limits count the sessions of whole weeks, in any zone.
WEEK_SECONDS = 9 * DAY_SECONDS

ROW = slot_sets.c
NO_PERIODS: Periods = np.empty((0, 2), np.int64)
FOREVER = 1 << 40


def today(now: datetime) -> int:
    """The UTC midnight that sets made now begin at, in epoch seconds."""
    return int(now.timestamp()) // DAY_SECONDS * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Window:
    """What to read of a calendar: since <= date < until,
    which tells all before `known_until` (epoch seconds).
    """

    since: date
    until: date
    known_until: int


def window(coach: Coach, now: datetime) -> Window:
    """What a set made now, and for a day to come, needs to know."""
    first = datetime.fromtimestamp(today(now), UTC)
    last = first + timedelta(days=coach.horizon_days + MARGIN_DAYS + 1)
    # Around it: what free runs look back on, and a day for zones,
    # since all-day items are placed in the coach's.
    margins = timedelta(seconds=look_back(coach.trips)) + timedelta(days=1), timedelta(days=1)
    return Window((first - margins[0]).date(), (last + margins[1]).date(), int(last.timestamp()))


@cache
def releases() -> str:
    """Under what a set is made besides settings: the time zone rules and the public holidays."""
    # Kept: reading a package's metadata takes milliseconds, and every read of a calendar asks.
    return f"{installed('tzdata')} {installed('holidays')}"


def recompute(tx: Connection, coach: Coach, *, now: datetime) -> tuple[int, bool]:
    """Compute the set from what is stored; write it if it differs. Returns (version, whether it
    changed).

    The caller holds `coaches.lock`, so that what is read here is still so when the set is written.
    """
    return _write(tx, coach, compute(tx, coach, now=now), holds.until(tx, coach.id, now=now))


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a coach's set is computed from, read at one moment.
    Periods and sessions in epoch seconds.
    """

    coach: Coach
    busy: Periods
    own: tuple[Own, ...]
    origin: int
    unsettled: tuple[Own, ...] = ()
    """Where coaches put the events of their sessions, and nobody settled it yet."""

    def build(self, more: Sequence[Own] = ()) -> SlotSet:
        """The set, with these sessions of the coach's besides."""
        days = self.coach.horizon_days + MARGIN_DAYS
        return build(
            self.coach,
            self.busy,
            [*self.own, *more],
            origin=self.origin,
            days=days,
            unsettled=self.unsettled,
        )


def basis(
    tx: Connection,
    coach: Coach,
    *,
    now: datetime,
    without: Sequence[str] = (),
    calendars: bool = True,
) -> Basis:
    """What a set made now is computed from: leaving sessions or holds out, or the calendars.

    A session that is left out takes its event along, wherever the coach put that: whoever moves the
    session may move it there.
    """
    origin = today(now)
    unsettled = event_differences.occupied(
        tx, coach.id, since=origin - WEEK_SECONDS, without=without
    )
    own = sessions.own(tx, coach.id, since=origin - WEEK_SECONDS, now=now, without=without)
    busy = NO_PERIODS
    if calendars:
        busy = _periods(tx, coach)
    return Basis(coach, busy, tuple(own), origin, tuple(unsettled))


def compute(
    tx: Connection,
    coach: Coach,
    *,
    now: datetime,
    without: Sequence[str] = (),
    calendars: bool = True,
) -> SlotSet:
    """The set as it would be now, of that basis."""
    return basis(tx, coach, now=now, without=without, calendars=calendars).build()


def is_current(tx: Connection, coach: Coach, *, now: datetime) -> bool:
    """Whether the stored set was made today, from these settings and under these releases."""
    query = select(ROW.origin, ROW.coach_version, ROW.tzdata).where(ROW.coach_id == coach.id)
    found = tx.execute(query).first()
    return found is not None and tuple(found) == (today(now), coach.version, releases())


def version(tx: Connection, coach_id: str) -> int:
    return tx.scalar(select(ROW.version).where(ROW.coach_id == coach_id)) or 0


def due_for_roll(tx: Connection, *, now: datetime, limit: int = 200) -> list[str]:
    """Coaches whose set was made on an earlier day
    or under other releases; the oldest first.
    """
    old = (ROW.origin < today(now)) | (ROW.tzdata != releases())
    return list(tx.scalars(select(ROW.coach_id).where(old).order_by(ROW.origin).limit(limit)))


def roll_late(tx: Connection, *, now: datetime) -> float:
    """For how many seconds the oldest set of an earlier day has been due for a roll."""
    oldest = tx.scalar(select(func.min(ROW.origin)).where(ROW.origin < today(now)))
    if oldest is None:
        return 0.0
    late: float = now.timestamp() - (oldest + DAY_SECONDS)
    return late


def rolled(tx: Connection, coach_id: str) -> None:
    """The coach's set, and sessions, were looked at under the releases of today."""
    tx.execute(slot_sets.update().where(ROW.coach_id == coach_id).values(tzdata=releases()))


def external(tx: Connection, coach: Coach) -> Periods:
    """All that blocks in the coach's calendars, over all connections, as far as they were read."""
    return _periods(tx, coach, unread=False)


def _periods(tx: Connection, coach: Coach, *, unread: bool = True) -> Periods:
    """That, and if `unread`, all from where a calendar was not read on."""
    query = select(busy.c.connection_id, busy.c.reading, busy.c.window_end).join(connections)
    rows = tx.execute(query.where(connections.c.coach_id == coach.id)).all()
    parts = [NO_PERIODS]
    for row in rows:
        # What was not read is not free: from there on this calendar closes everything.
        if unread:
            parts.append(np.array([[row.window_end, FOREVER]], np.int64))
        reading = Reading.unpack(row.reading)
        # Not those that are known to block: one that the coach made since the account was described
        # is not known yet, and blocks until they leave it out.
        silent = calendar_rows.not_blocking(tx, row.connection_id)
        parts.append(
            blocking(
                reading,
                zone=coach.hours.zone,
                calendars=set(reading.calendars) - silent,
                tentative_blocks=coach.tentative_blocks,
                trips=coach.trips,
            )
        )
    return np.concatenate(parts)


def _write(
    tx: Connection, coach: Coach, fresh: SlotSet, holds_until: datetime | None
) -> tuple[int, bool]:
    digest = fresh.digest()
    mine = ROW.coach_id == coach.id
    before = tx.execute(select(ROW.version, ROW.digest).where(mine)).first()
    values = {
        "coach_version": coach.version,
        "origin": fresh.origin,
        "days": fresh.days,
        "durations": fresh.durations,
        "bits": fresh.bits,
        "reasons": fresh.reasons,
        "digest": digest,
        "holds_until": holds_until,
    }
    if before is None:
        # Later only `rolled` writes the rules:
        # a set that was made anew by the way stays due for its roll.
        tx.execute(
            slot_sets.insert().values(coach_id=coach.id, version=1, tzdata=releases(), **values)
        )
        return 1, True
    # The same set: its version stays, so that nobody is told of a change or reads it again.
    if before.digest == digest:
        same = {"coach_version": coach.version, "holds_until": holds_until}
        tx.execute(slot_sets.update().where(mine).values(same))
        return before.version, False
    tx.execute(slot_sets.update().where(mine).values(version=before.version + 1, **values))
    return before.version + 1, True
