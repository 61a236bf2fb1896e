"""One turn at one outbox row: how much time is left of it, and the ways it can end."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from storage.rows.outbox import Trouble
from storage.rows.outbox_claims import DeliveryClaim, Reason
from workers.backoff import doubling_ms, jittered_ms
from workers.cronofy.errors import CronofyError
from workers.cronofy.outages import is_away

FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 900_000
SHARE = 0.9
"""Of its lease that a row may take: past it, another worker may do the same."""
LEAST_TRIES = 10
"""Within some 40 minutes. What is paused or cannot be sent grows old without a try: for its age
alone nothing is given up.
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed row, and when the claim began by this machine's clock,
    which also counts while we are frozen.
    """

    held: DeliveryClaim
    lease_seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def late(self) -> bool:
        """Half the lease is gone:
        whatever is begun now might end after it, when somebody else has taken the row.
        """
        # The race: a worker that was frozen between its claim and the sending, and the one that has
        # taken the row since. One whole mail or callback takes at most 0.4 of a lease, so what is
        # begun in the first half is over before anybody else begins.
        return time.monotonic() - self.began > self.lease_seconds / 2

    @property
    def until(self) -> float:
        """When whatever it does has to be over, by time.monotonic."""
        return self.began + self.lease_seconds * SHARE


@dataclass(frozen=True, slots=True)
class Posted:
    """How one exchange with a webhook endpoint went. `status` None: nobody answered in time."""

    status: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Sent:
    """It was accepted, or is seen where it belongs."""

    posted: Posted | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nobody needs it any more, or nobody wants it:
    what is true now is `newer`, unless another reason is given.
    """

    why: str
    reason: Reason = "newer"


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never go: somebody has to look."""

    error: str
    posted: Posted | None = None


@dataclass(frozen=True, slots=True)
class NoMailbox:
    """There is nobody to send it to.
    `reply`: what the mail server said of it just now; None: it said so before.
    """

    error: str
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class WaitsForText:
    """It stays owed until its text is corrected, which frees it at once."""

    error: str
    retry_in_ms: int


@dataclass(frozen=True, slots=True)
class Later:
    """It stays owed. `retry_in_ms` None: as long as is usual after so many attempts.

    `unsure`: the other side may have taken it all the same. `trouble`: it is not this row's own
      fault. `tried` False: the other side was not asked, which counts as no attempt.
    """

    error: str
    retry_in_ms: int | None = None
    unsure: bool = False
    trouble: Trouble | None = None
    posted: Posted | None = None
    tried: bool = True


Outcome = Sent | Skipped | Dead | NoMailbox | WaitsForText | Later


def given_up(turn: Turn, age: timedelta, *, after: timedelta) -> bool:
    """Whether one that failed once more has had its time, and its tries."""
    return age > after and turn.held.attempts >= LEAST_TRIES


def trouble_of(error: CronofyError) -> Trouble | None:
    """Why what Cronofy did not take waits, where that is not its own fault."""
    if is_away(error):
        return "away"
    return None


def usual_wait_ms(attempts: int) -> int:
    """Doubling from 5 s to 15 min, with jitter."""
    wait = doubling_ms(attempts, first_ms=FIRST_RETRY_MS, longest_ms=LONGEST_RETRY_MS)
    return jittered_ms(wait)
