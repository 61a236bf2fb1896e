"""Where the time goes between a push and its slots: of what was seen in each of the last minutes,
of what was seen since, and of what waits at this moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from domain import push_stages
from domain.push_stages import STAGES, Stage
from storage.rows.refresh_jobs import DIRTY, DUE, LEASE
from storage.rows.refresh_jobs import row as connection
from storage.schema.database_clock import clock_ms
from storage.schema.tables import samples, visible

MEASURED: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage != "database")
COLUMNS = tuple(visible.c[f"{stage}_ms"] for stage in MEASURED)
_NAMES: dict[Stage, str] = {stage: f"push_stage_{stage}" for stage in STAGES}
_SEEN = "push_stage_seen"
"""How many pushes the others are the means of."""
MINUTES = 15
NOW = timedelta(seconds=90)
"""The clock closes a minute up to so long after its beginning: until then the last one is now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """So many pushes were seen, after so many milliseconds each on average, in each stage."""

    at: datetime
    pushes: int
    stages: Mapping[Stage, float]

    @property
    def total(self) -> float:
        return sum(self.stages.values())


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many pushes wait to be seen, the oldest for so many seconds."""

    pushes: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Storm:
    """`minutes`: those in which any was seen, the oldest first. `now`: the last of them and what
    was seen since, None where nothing was. `waiting`: by what each waits for; `reading`: those that
    are being read.
    """

    minutes: list[Seen]
    now: Seen | None
    waiting: Mapping[Stage, Waiting] = field(default_factory=dict)
    reading: Waiting = Waiting(0, 0.0)


def summary(rows: Iterable[Any]) -> dict[str, float]:
    """Samples of a minute: the mean of each stage, and of how many pushes. `rows`: of `visible`.
    Nothing where none was split.
    """
    split = [row for row in rows if row.gap_ms is not None]
    if not split:
        return {}
    values: dict[str, float] = {_SEEN: len(split)}
    spent = dict.fromkeys(STAGES, 0.0)
    for row in split:
        before: dict[Stage, float] = {stage: getattr(row, f"{stage}_ms") for stage in MEASURED}
        for stage, ms in push_stages.whole(before, row.ms).items():
            spent[stage] += ms
    for stage, ms in spent.items():
        values[_NAMES[stage]] = ms / len(split)
    return values


def storm(tx: Connection, *, now: datetime) -> Storm:
    """Three questions, whose answers are small however many push."""
    minutes = _minutes(tx, now)
    waiting = _waiting(tx)
    reading = waiting.pop("reading", Waiting(0, 0.0))
    return Storm(minutes, _now(tx, minutes, now), waiting, reading)


def _minutes(tx: Connection, now: datetime) -> list[Seen]:
    names = (*_NAMES.values(), _SEEN)
    it = samples.c
    since = now - timedelta(minutes=MINUTES)
    query = select(it.at, it.name, it.value).where(it.name.in_(names), it.at >= since)
    figures: dict[datetime, dict[str, float]] = {}
    for at, name, value in tx.execute(query.order_by(it.at)):
        figures.setdefault(at, {})[name] = value
    found = []
    for at, values in figures.items():
        stages: dict[Stage, float] = {stage: values.get(_NAMES[stage], 0.0) for stage in STAGES}
        found.append(Seen(at, round(values.get(_SEEN, 0)), stages))
    return found


def _now(tx: Connection, minutes: list[Seen], now: datetime) -> Seen | None:
    """The last minute, if it is not long over, together with what was seen since."""
    it = visible.c
    sums = [func.sum(column) for column in COLUMNS]
    query = select(func.count(), func.sum(it.ms), *sums)
    count, total, *spent = tx.execute(query.where(it.at >= now - NOW, it.gap_ms.is_not(None))).one()
    parts = []
    if minutes and minutes[-1].at >= now - NOW:
        parts.append(minutes[-1])
    if count:
        before: dict[Stage, float] = {}
        for stage, ms in zip(MEASURED, spent, strict=True):
            before[stage] = float(ms) / count
        parts.append(Seen(now, count, push_stages.whole(before, float(total) / count)))
    return _together(parts, now)


def _together(parts: list[Seen], now: datetime) -> Seen | None:
    pushes = sum(part.pushes for part in parts)
    if not pushes:
        return None
    stages = dict.fromkeys(STAGES, 0.0)
    for part in parts:
        for stage, ms in part.stages.items():
            stages[stage] += ms * part.pushes / pushes
    return Seen(now, pushes, stages)


def _waiting(tx: Connection) -> dict[Any, Waiting]:
    """By stage; `reading`: somebody is at it."""
    why = case(
        (LEASE.lasts, "reading"), (DUE, "queue"), else_=func.coalesce(connection.failure, "gap")
    ).label("why")
    oldest = func.min(connection.pushed_since_ms)
    query = select(why, func.count(), clock_ms() - oldest)
    found = {}
    mine = query.where(DIRTY, connection.pushed_since_ms.is_not(None)).group_by(why)
    for name, count, ms in tx.execute(mine):
        found[name] = Waiting(count, max(0.0, ms / 1000))
    return found
