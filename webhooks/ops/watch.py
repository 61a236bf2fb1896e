"""What the first line of the overview is made of, asked of the database in one look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storage.reports import idle, metrics
from storage.reports.outbox import Tally
from storage.reports.overview import Troubled
from webhooks.ops.facts import Due, Facts
from workers.clock import JOBS, SWEEP

EACH_SECOND = "holds"
OWED = ("pending", "sending")
KINDS = ("mail", "calendar", "callback")


def facts(tx: Any, seen: Any, *, now: datetime) -> Facts:
    """`seen`: the overview, asked in the same transaction."""
    failures = metrics.clock_failures(tx, [job.name for job in (SWEEP, *JOBS)])
    reads = seen.queues[0]
    return Facts(
        clock_late=metrics.clock_late(tx, [EACH_SECOND])[EACH_SECOND],
        failing_jobs=[name for name, count in failures.items() if count],
        redis_up=seen.redis_up,
        ready=idle.ready(tx, now=now),
        in_flight=seen.reading + sum(seen.sending.values()),
        stuck=len(seen.stuck_reads) + len(seen.stuck_messages),
        reads_owed=reads.owed,
        reads_oldest=reads.oldest or 0.0,
        reads_failing=idle.failing_reads(tx),
        due=[_due(seen.tallies, kind, now) for kind in KINDS],
        dead=seen.count("dead"),
        dead_oldest=_age(seen.dead[0].due_at, now) if seen.dead else 0.0,
        held_back=seen.count("waiting_for_text"),
        no_mailbox=seen.count("withheld"),
        gone=_since(seen.disconnected, now),
        gone_count=seen.standings.get("disconnected", 0),
        stale=_since(seen.stale, now),
        stale_count=seen.standings.get("stale", 0),
        conflicts=len(seen.conflicted),
        causes=idle.causes(tx),
    )


def _due(tallies: dict[tuple[str, str], Tally], kind: str, now: datetime) -> Due:
    found = [tallies[kind, state] for state in OWED if (kind, state) in tallies]
    oldest = max((_age(tally.oldest, now) for tally in found), default=0.0)
    return Due(kind, sum(tally.count for tally in found), oldest)


def _since(coaches: Sequence[Troubled], now: datetime) -> list[tuple[Troubled, float]]:
    """The longest first; since when they are so, or else were last read."""
    found = [(coach, _age(coach.since or coach.read_at or now, now)) for coach in coaches]
    return sorted(found, key=lambda each: -each[1])


def _age(moment: datetime, now: datetime) -> float:
    return (now - moment).total_seconds()
