"""What the overview shows, and what its first line is decided by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.freshness import State
from domain.webhook_endpoints import EndpointState
from storage.reports.causes import SharedError
from storage.reports.changed_events import CoachWithChanges, Unsettled
from storage.reports.idle import Ready
from storage.reports.outbox import Message, Tally
from storage.reports.overview import Conflicted, MovedClock, Stuck, Troubled
from storage.rows.pauses import Pause
from storage.rows.refusals import Refusal

MOST_SHOWN = 20
"""Of each list of the overview. What is counted by the length of one may be more."""
KINDS = ("mail", "calendar", "callback")
"""Of messages."""
OWED = ("pending", "sending")
Tallies = Mapping[tuple[str, str], Tally]
"""Of the messages of each kind in each state."""


@dataclass(frozen=True, slots=True)
class Queue:
    """`depth`: wake-ups that wait in Redis, None while it is away. `owed`: rows.
    `oldest`: seconds.
    """

    name: str
    depth: int | None
    owed: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    queues: list[Queue]
    redis_up: bool
    tallies: Tallies
    reading: int
    sending: dict[str, int]
    stuck_reads: list[Stuck]
    stuck_messages: list[Message]
    dead: list[Message]
    standings: dict[State, int]
    stale: list[Troubled]
    disconnected: list[Troubled]
    conflicted: list[Conflicted]
    unsettled: Unsettled
    changed: list[CoachWithChanges]
    moved_clocks: list[MovedClock]
    refused: list[Refusal]
    linkless: list[Conflicted] = field(default_factory=list)
    """Coaches with coming sessions whose links do not come."""

    @property
    def kinds(self) -> list[str]:
        return sorted({tally.kind for tally in self.tallies.values()})

    def count(self, state: str) -> int:
        return sum(tally.count for tally in self.tallies.values() if tally.state == state)


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
class EndpointFact:
    """A webhook endpoint. `seconds`: for how long it is off; or, being on, took nothing."""

    id: str
    state: EndpointState
    seconds: float


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
    unsettled: int
    unsettled_oldest: float
    causes: Sequence[SharedError]
    paused: Sequence[tuple[Pause, float, int]] = ()
    """Each with its age in seconds, and how many messages wait for it."""
    linkless: int = 0
    endpoints: Sequence[EndpointFact] = ()
