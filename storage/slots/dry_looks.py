"""What was just read of a coach's calendars beside what is stored: the difference, and nothing is
written.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.dry_looks import Difference, Period, StartsTold, told_periods, told_starts
from domain.freshness import State
from domain.hours import DAY_SECONDS
from storage.slots import availability, listings, slot_sets
from storage.slots.availability import Asked
from storage.slots.slot_sets import Known

READABLE: tuple[State, ...] = ("fresh", "refreshing", "stale")
"""What a read that went well makes fresh; the others need more than that."""


def compare(
    tx: Connection,
    coach: Coach,
    read: Mapping[str, Known],
    *,
    now: datetime,
    stale_after: timedelta,
) -> Difference:
    """`read`: by connection. Raises nothing for one that was disconnected meanwhile: it is no part
    of the difference.
    """
    stored = slot_sets.readings(tx, coach.id)
    added: list[Period] = []
    removed: list[Period] = []
    for connection_id, found in read.items():
        until = found.window_end
        before: set[Period] = set()
        known = stored.get(connection_id)
        if known is not None:
            # Compared are the days that both tell of: the window moves on, and that is no change.
            until = min(until, known.window_end)
            before = _blocking(tx, coach, connection_id, known, now=now, until=until)
        after = _blocking(tx, coach, connection_id, found, now=now, until=until)
        added += after - before
        removed += before - after
    return Difference(
        accounts=len(read),
        added=told_periods(added),
        removed=told_periods(removed),
        starts=_starts(tx, coach, read, now=now, stale_after=stale_after),
    )


def _blocking(
    tx: Connection, coach: Coach, connection_id: str, known: Known, *, now: datetime, until: int
) -> set[Period]:
    days = replace(known, reading=known.reading.between(int(now.timestamp()), until))
    found = slot_sets.blocking_of(tx, coach, connection_id, days)
    return {(start, end) for start, end in found.tolist()}


def _starts(
    tx: Connection,
    coach: Coach,
    read: Mapping[str, Known],
    *,
    now: datetime,
    stale_after: timedelta,
) -> list[StartsTold]:
    before = listings.listings(tx, [coach.id], now=now, stale_after=stale_after)[coach.id]
    after = replace(before, slots=slot_sets.compute(tx, coach, now=now, instead=read))
    if before.state in READABLE:
        after = replace(after, effect="list")
    at = int(now.timestamp())
    until = at + DAY_SECONDS * (coach.horizon_days + 1)
    told = []
    for duration in before.slots.durations:
        asked = Asked(duration, at, until, at)
        was, would_be = availability.starts(before, asked), availability.starts(after, asked)
        told.append(told_starts(duration, was, would_be))
    return told
