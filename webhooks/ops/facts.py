"""What the first line of the overview is decided by."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.reports.idle import Ready, SharedError
from storage.reports.overview import Troubled


@dataclass(frozen=True, slots=True)
class Due:
    """Messages of one kind that are due: how many, and the age of the oldest in seconds."""

    kind: str
    count: int
    oldest: float


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
