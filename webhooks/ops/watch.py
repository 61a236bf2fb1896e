"""What the first line of the overview is made of, asked of the database in one look."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from storage.reports import causes, idle, metrics
from storage.reports.overview import Troubled
from storage.rows import pauses, webhook_endpoints
from storage.rows.pauses import Pause
from storage.schema.database import Tx
from webhooks.ops.facts import KINDS, Due, EndpointFact, Facts, Overview, due_of
from workers.clock import JOBS, SWEEP

EACH_SECOND = "holds"


def facts(tx: Tx, seen: Overview, *, now: datetime) -> Facts:
    """`seen`: the overview, asked in the same transaction."""
    jobs = [job.name for job in (SWEEP, *JOBS)]
    reads = seen.queues[0]
    dead_oldest = 0.0
    if seen.dead:
        dead_oldest = _age(seen.dead[0].due_at, now)
    return Facts(
        clock_late=metrics.clock_late(tx, [EACH_SECOND])[EACH_SECOND],
        failing_jobs=[name for name, count in metrics.clock_failures(tx, jobs).items() if count],
        redis_up=seen.redis_up,
        ready=idle.ready(tx, now=now),
        in_flight=seen.reading + sum(seen.sending.values()),
        stuck=len(seen.stuck_reads) + len(seen.stuck_messages),
        reads_owed=reads.owed,
        reads_oldest=reads.oldest or 0.0,
        reads_failing=idle.failing_reads(tx),
        due=_due(tx, seen, now),
        dead=seen.count("dead"),
        dead_oldest=dead_oldest,
        held_back=seen.count("waiting_for_text"),
        no_mailbox=seen.count("withheld"),
        gone=_since(seen.disconnected, now),
        gone_count=seen.standings.get("disconnected", 0),
        stale=_since(seen.stale, now),
        stale_count=seen.standings.get("stale", 0),
        conflicts=len(seen.conflicted),
        unsettled=seen.unsettled.count,
        unsettled_oldest=_age(seen.unsettled.since or now, now),
        causes=causes.find_all(tx, now=now),
        paused=_paused(tx, now),
        linkless=len(seen.linkless),
        endpoints=_endpoints(tx, now),
    )


def _paused(tx: Tx, now: datetime) -> list[tuple[Pause, float, int]]:
    found = []
    for pause in pauses.find_all(tx):
        found.append((pause, _age(pause.at, now), pauses.waiting(tx, pause, now=now)))
    return found


def _endpoints(tx: Tx, now: datetime) -> list[EndpointFact]:
    found = []
    for each in webhook_endpoints.find_all(tx):
        since = each.failing_since
        if each.state == "off":
            since = each.off_since
        found.append(EndpointFact(each.id, each.state, _age(since or now, now)))
    return found


def _due(tx: Tx, seen: Overview, now: datetime) -> list[Due]:
    """What waits for a coach who has to link a calendar again is nobody's delay: they are asked."""
    late = metrics.oldest_due(tx, now=now)
    found = []
    for kind in KINDS:
        due = due_of(seen.tallies, kind, now)
        if kind == "calendar":
            due = replace(due, oldest=_age(late.get(kind, now), now))
        found.append(due)
    return found


def _since(coaches: Sequence[Troubled], now: datetime) -> list[tuple[Troubled, float]]:
    """The longest first; since when they are so, or else were last read."""
    found = []
    for coach in coaches:
        age = _age(coach.since or coach.read_at or now, now)
        found.append((coach, age))
    return sorted(found, key=lambda each: -each[1])


def _age(moment: datetime, now: datetime) -> float:
    return (now - moment).total_seconds()
