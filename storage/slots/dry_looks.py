"""What was just read of a coach's calendars beside what is stored: the difference.

It is written as a refresh would write it, computed by the code that every set is computed by, and
taken back: no other transaction ever sees it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from domain.coaches import Coach
from domain.dry_looks import Difference, Period, StartsTold, told_periods, told_starts
from domain.freebusy import Reading
from domain.freshness import State
from domain.hours import DAY_SECONDS
from storage.schema.tables import busy, connections
from storage.slots import availability, listings, slot_sets
from storage.slots.availability import Asked
from storage.slots.listings import Listing

READABLE: tuple[State, ...] = ("fresh", "refreshing", "stale")
"""What a read that went well makes fresh; the others need more than that."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read of one connection: nothing is known from `window_end` (epoch seconds) on."""

    reading: Reading
    window_end: int


def compare(
    tx: Connection,
    coach: Coach,
    found: Mapping[str, Looked],
    *,
    now: datetime,
    stale_after: timedelta,
) -> Difference:
    """`found`: by connection. The caller holds the coach's lock."""
    listing = listings.listings(tx, [coach.id], now=now, stale_after=stale_after)[coach.id]
    # Compared are the days that all of it tells of: the window moves on, and that is no change.
    until = _known_until(tx, coach, found)
    before = _busy(tx, coach, now=now, until=until)
    with _as_if_stored(tx, found):
        after = _busy(tx, coach, now=now, until=until)
        would_be = replace(listing, slots=slot_sets.compute(tx, coach, now=now))
    if listing.state in READABLE:
        would_be = replace(would_be, effect="list")
    return Difference(
        accounts=len(found),
        added=told_periods(after - before),
        removed=told_periods(before - after),
        starts=_starts(listing, would_be, int(now.timestamp())),
    )


@contextmanager
def _as_if_stored(tx: Connection, found: Mapping[str, Looked]) -> Iterator[None]:
    attempt = tx.begin_nested()
    try:
        for connection_id, looked in found.items():
            _store(tx, connection_id, looked)
        yield
    finally:
        attempt.rollback()


def _store(tx: Connection, connection_id: str, looked: Looked) -> None:
    values = {
        "reading": looked.reading.pack(),
        "digest": looked.reading.digest(),
        "window_end": looked.window_end,
    }
    mine = busy.update().where(busy.c.connection_id == connection_id)
    if not tx.execute(mine.values(values)).rowcount:
        tx.execute(busy.insert().values(connection_id=connection_id, **values))


def _known_until(tx: Connection, coach: Coach, found: Mapping[str, Looked]) -> int:
    query = select(func.min(busy.c.window_end)).join(connections)
    stored = tx.scalar(query.where(connections.c.coach_id == coach.id))
    ends = [looked.window_end for looked in found.values()]
    if stored is not None:
        ends.append(stored)
    return min(ends)


def _busy(tx: Connection, coach: Coach, *, now: datetime, until: int) -> set[Period]:
    """What blocks, and is not over, from now on."""
    since = int(now.timestamp())
    periods = slot_sets.external(tx, coach)
    coming = periods[(periods[:, 1] > since) & (periods[:, 0] < until)]
    return {(start, end) for start, end in coming.tolist()}


def _starts(before: Listing, after: Listing, at: int) -> list[StartsTold]:
    until = at + DAY_SECONDS * (before.horizon_days + 1)
    told = []
    for duration in before.slots.durations:
        asked = Asked(duration, at, until, at)
        was, would_be = availability.starts(before, asked), availability.starts(after, asked)
        told.append(told_starts(duration, was, would_be))
    return told
