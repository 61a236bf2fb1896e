"""Figures over time, for the plots: a few samples a minute;
and how long pushes waited, of which some are made.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from domain import push_stages, push_waits
from domain.push_stages import CronofyWaits, Moments
from domain.push_waits import PushWaits
from storage.reports import coach_states, stage_waits
from storage.rows import refresh_jobs
from storage.rows.connections import Connected
from storage.rows.outbox_claims import OPEN
from storage.rows.refresh_jobs import ReadClaim
from storage.schema.database import insert
from storage.schema.database_clock import clock_ms
from storage.schema.tables import outbox, samples, visible

KEPT = timedelta(days=7)
PERCENTILES = {"push_visible_p50": 50, "push_visible_p95": 95, "push_visible_p99": 99}
"""Milliseconds from a push to the stored slots."""


def put(tx: Connection, values: Mapping[str, float], *, at: datetime) -> None:
    """One sample of each name. A second one of the same moment takes the place of the first."""
    if not values:
        return
    rows = insert(tx, samples).values(
        [{"name": name, "at": at, "value": value} for name, value in values.items()]
    )
    key = ("name", "at")
    tx.execute(rows.on_conflict_do_update(index_elements=key, set_={"value": rows.excluded.value}))


def seen(
    tx: Connection, claimed: ReadClaim, waits: CronofyWaits, *, pushed_since_ms: int, now: datetime
) -> None:
    """The change that a push announced can be seen, by this claim's read:
    it waited since then, by the database's clock.
    """
    of = Moments(pushed_since_ms, claimed.due_at_ms, claimed.claimed_at_ms, claimed.failure)
    stages = push_stages.before_storing(of, waits)
    values: dict[str, Any] = {f"{stage}_ms": spent for stage, spent in stages.items()}
    values |= {"id": secrets.token_hex(12), "at": now, "ms": clock_ms() - pushed_since_ms}
    tx.execute(visible.insert().values(values))


@dataclass(frozen=True, slots=True)
class PushFigures:
    """Of one coach's accounts: how long the latest pushes waited until they were seen, and how many
    changes were found that no push had announced.
    """

    waits: PushWaits
    missed: int


def pushes_of(connected: Sequence[Connected]) -> PushFigures:
    """Nothing, for a coach without an account."""
    waits = push_waits.summary(each.push_waits for each in connected)
    return PushFigures(waits, sum(each.missed_pushes for each in connected))


def summarise(tx: Connection) -> dict[str, float]:
    """Percentiles of what was seen since the last time, which is dropped.
    Nothing when nothing was pushed.
    """
    # The race: a push is served between a look and a deletion, and is never counted. One statement
    # takes the rows and answers them: what it does not answer is still there.
    columns = (visible.c.ms, *stage_waits.COLUMNS)
    rows = tx.execute(visible.delete().returning(*columns)).all()
    if not rows:
        return {}
    waits = [row.ms for row in rows]
    found = np.percentile(waits, list(PERCENTILES.values()))
    values = dict(zip(PERCENTILES, map(float, found), strict=True))
    return values | stage_waits.summary(rows)


def gauges(tx: Connection, *, now: datetime, stale_after: timedelta) -> dict[str, float]:
    """How things stand: coaches that cannot be trusted, reads that are owed,
    and what is due in the outbox.
    """
    coaches = coach_states.counts(tx, now=now, stale_after=stale_after)
    reads = refresh_jobs.backlog(tx)
    waiting, since = _due(tx, now)
    oldest_age = 0.0
    if since is not None:
        oldest_age = (now - since).total_seconds()
    return {
        "coaches_stale": coaches.get("stale", 0),
        "coaches_disconnected": coaches.get("disconnected", 0),
        "refresh_backlog": reads.dirty,
        "refresh_backlog_age": reads.oldest_seconds,
        "outbox_pending": waiting,
        "outbox_oldest_age": oldest_age,
    }


def prune(tx: Connection, *, now: datetime) -> int:
    """Drop the samples that no plot reaches back to."""
    return tx.execute(samples.delete().where(samples.c.at < now - KEPT)).rowcount


def _due(tx: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many rows of the outbox should have gone by now,
    and since when the oldest should have.
    """
    query = select(func.count(), func.min(outbox.c.due_at)).where(
        outbox.c.state.in_(OPEN), outbox.c.due_at <= now
    )
    count, since = tx.execute(query).one()
    return count, since
