"""How large the fleet is, and within how long each calendar is read because of that: written down
once a minute by the clock, so that nobody else has to count.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from domain.reconciling import Pace
from storage.reports import metrics
from storage.reports import samples as figures
from storage.schema.database import Database
from storage.schema.fast_reads import query_raw
from storage.schema.tables import samples

LONGEST = "reconcile_longest"
_NAMES = {
    Pace.LIVELY: "fleet_lively",
    Pace.STEADY: "fleet_steady",
    Pace.QUIET: "fleet_quiet",
}
# Whoever waits longest began to wait when the turns were longer, on another day of the week.
_COUNTS_FOR_MS = timedelta(days=1) // timedelta(milliseconds=1)
_mine = samples.c.name == LONGEST
_at = type_coerce(samples.c.at, BigInteger)
_newest = select(func.max(_at)).where(_mine).scalar_subquery()
_LATEST = select(func.max(samples.c.value)).where(_mine, _at >= _newest - _COUNTS_FOR_MS)


def put(tx: Connection, counted: Mapping[Pace, int], longest: timedelta, *, at: datetime) -> None:
    """`counted`: how many connections of each pace. `longest`: the longest turn."""
    values: dict[str, float] = {LONGEST: longest.total_seconds()}
    for pace, name in _NAMES.items():
        values[name] = counted.get(pace, 0)
    figures.put(tx, values, at=at)


def longest_turn(database: Database) -> timedelta | None:
    """Within how long every calendar is read: the longest turn of the last day that the clock wrote
    down. None: it wrote none.
    Raises one of storage.schema.outages.Unavailable.
    """
    found = query_raw(database, _LATEST)
    [(seconds,)] = found
    if seconds is None:
        return None
    return timedelta(seconds=seconds)


def latest(tx: Connection, *, since: datetime) -> dict[Pace, int] | None:
    """What was counted last. None: not since then."""
    found = metrics.latest(tx, _NAMES.values(), since=since)
    counted = {}
    for pace, name in _NAMES.items():
        if name not in found:
            return None
        counted[pace] = int(found[name])
    return counted
