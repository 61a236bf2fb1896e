"""The rows of one reader's mails, and the two workers that may hold them: what a world of sends is
made of.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tests.storage.interleavings import later


class Row(NamedTuple):
    """What counts of a row. Times are milliseconds ahead of now."""

    state: str = "pending"
    taken: bool = False
    lease: int = 0
    next_attempt: int = 0
    unsure: bool = False
    reason: str | None = None

    def passed(self, ms: int) -> "Row":
        return self._replace(lease=later(self.lease, ms), next_attempt=later(self.next_attempt, ms))


Rows = tuple[Row | None, ...]
"""None: not owed yet."""


class Hand(NamedTuple):
    """What a worker holds: a row, by the token that the row has or no longer has; and whether its
    mail was taken.
    """

    place: int
    mine: bool = True
    handed: bool = False


class Worker(NamedTuple):
    claims: int
    hand: Hand | None = None


PENDING, TWO = Row(), (Worker(2), Worker(2))


@dataclass(frozen=True, slots=True)
class Sends:
    """A state: the rows, the workers, how often each mail left (two is many), and what may still
    happen.
    """

    rows: Rows = (PENDING, None, None)
    workers: tuple[Worker, ...] = TWO
    left: tuple[int, ...] = (0, 0, 0)
    lapses: int = 2
    moves: int = 0
    cancels: int = 1
    supersedes: int = 0
    requeues: int = 0
