"""What the first line of the overview is decided by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.reports.idle import Ready, SharedError
from storage.reports.outbox import Tally
from storage.reports.overview import Troubled

OWED = ("pending", "sending")
Tallies = Mapping[tuple[str, str], Tally]
"""Of the messages of each kind in each state."""


@dataclass(frozen=True, slots=True)
class Due:
    """Messages of one kind that are due: how many, and the age of the oldest in seconds."""

    kind: str
    count: int
    oldest: float


def due_of(tallies: Tallies, kind: str, now: datetime) -> Due:
    """What is due of one kind, that which is being sent too; an age of 0 where nothing is."""
    count = 0
    ages = []
    for state in OWED:
        tally = tallies.get((kind, state))
        if tally is not None:
            count += tally.count
            ages.append((now - tally.oldest).total_seconds())
    return Due(kind, count, max(ages, default=0.0))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at this moment; ages in seconds. `clock_late`: of the job that runs each
    second, infinite when it never ran. `gone`, `stale`: the first of the coaches, and for how long
    each has been so.
    """

    clock_late: float
    failing_jobs: Sequence[str]
    redis_up: bool
    ready: Ready
    in_flight: int
    stuck: int
    reads_owed: int
    reads_oldest: float
    reads_failing: int
    due: Sequence[Due]
    dead: int
    dead_oldest: float
    held_back: int
    no_mailbox: int
    gone: Sequence[tuple[Troubled, float]]
    gone_count: int
    stale: Sequence[tuple[Troubled, float]]
    stale_count: int
    conflicts: int
    causes: Sequence[SharedError]
