"""A fleet of coaches over weeks, in virtual time and in arrays: which calendars change, whose
pushes get lost, and who reads them. The turns are the product's own (`domain.reconciling`); who is
read next is chosen as `storage.rows.reconciling` chooses, minute by minute.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

import numpy as np
import numpy.typing as npt

from domain import reconciling
from domain.reconciling import LIVELY_FOR, STEADY_FOR, Pace, Turns
from workers.jobs.reconciling import COUNTED_ON, RECONCILE_SHARE

STEADY, LIVELY = timedelta(hours=1), timedelta(minutes=15)
PER_MINUTE = 500
CALLS_OF_A_RECONCILE, CALLS_OF_A_PUSH = 3, 2
RECONCILE_READS = PER_MINUTE * RECONCILE_SHARE
LOST = 0.001
DAY, WEEK = 24 * 60, 7 * 24 * 60
# Of each kind of coach: their share, and how often a calendar of theirs changes on a working day.
COACHES = ((0.10, 4.0), (0.30, 0.3), (0.60, 1 / 60))

Minutes = npt.NDArray[np.float64]


@dataclass
class Seen:
    """`oldest`, `bound`: hour by hour, how long whoever waits longest has waited, and how long that
    may be; `pushes`, `lost`: how long changes waited until they were read, by whether their push
    came; `calls`: of each hour; `needed`: the budget, in calls a minute, with which nobody would
    wait longer than the settings say. The others in minutes.
    """

    oldest: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    needed: list[float] = field(default_factory=list)
    pushes: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)

    @property
    def worst_share(self) -> float:
        """Of what may be, at the worst moment."""
        return max(oldest / bound for oldest, bound in zip(self.oldest, self.bound, strict=True))


def hours_of_work(minute: int) -> float:
    """How many times the average of a working day things change now; the first day is a Monday."""
    weekday, at = minute % WEEK // DAY, minute % DAY // 60
    if weekday >= 5 or not 8 <= at < 18:
        return 0.05
    # On Monday mornings people plan their week.
    burst = 3.0 if weekday == 0 and at < 11 else 1.0
    return burst * 24 / 10


class Model:
    def __init__(self, coaches: int, *, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        counts = [round(coaches * share) for share, _ in COACHES]
        rates = [rate for _, rate in COACHES]
        self.rate = np.repeat(rates, counts) / DAY
        self.coaches = len(self.rate)
        self.likely = np.cumsum(self.rate) / self.rate.sum()
        # As in a fleet that has run for a while: changed, and read, at some time in the past.
        since_change = self.random.exponential(1 / self.rate)
        self.changed: Minutes = -since_change
        self.pace = self._paces(0, self.changed)
        self.turns = self._turns()
        self.read: Minutes = -self.random.random(self.coaches) * self._spans()
        self.unseen: Minutes = np.full(self.coaches, np.nan)
        self.pushed: Minutes = np.full(self.coaches, np.nan)
        self.waiting: deque[int] = deque()
        self.seen = Seen()
        # As the product: the longest turn of the last day.
        self.longest: deque[float] = deque(maxlen=24)

    def run(self, days: int, tell: Callable[[int], None]) -> Seen:
        calls = 0.0
        for minute in range(days * DAY):
            self._change(minute)
            calls += self._reconcile(minute) * CALLS_OF_A_RECONCILE
            calls += self._serve(minute, calls_left=PER_MINUTE - self.last) * CALLS_OF_A_PUSH
            if minute % 60 == 59:
                self.turns = self._turns()
                self.seen.oldest.append(float((minute - self.read).max()))
                self.longest.append(self.turns.longest / timedelta(minutes=1))
                self.seen.bound.append(max(self.longest))
                self.seen.calls.append(calls)
                self.seen.needed.append(self._needed())
                calls = 0.0
            if minute % DAY == 0:
                tell(minute // DAY)
        return self.seen

    def _change(self, minute: int) -> None:
        count = self.random.poisson(self.rate.sum() * hours_of_work(minute))
        chosen = np.searchsorted(self.likely, self.random.random(count))
        lost = self.random.random(count) < LOST
        for coach in chosen[lost]:
            if np.isnan(self.unseen[coach]):
                self.unseen[coach] = minute
        for coach in chosen[~lost]:
            if np.isnan(self.pushed[coach]):
                self.pushed[coach] = minute
                self.waiting.append(int(coach))
        self.changed[chosen] = minute

    def _reconcile(self, minute: int) -> int:
        """Whoever has waited longest by their own turn, as many as the budget allows."""
        passed = (minute - self.read) / self._spans(stretched=False)
        passed[~np.isnan(self.pushed)] = 0.0  # owed a read already
        most = min(ceil(RECONCILE_READS), self.coaches)
        chosen = np.argpartition(passed, -most)[-most:]
        chosen = chosen[passed[chosen] >= 0.75]
        self._note(chosen, minute)
        self.last = len(chosen) * CALLS_OF_A_RECONCILE
        return len(chosen)

    def _serve(self, minute: int, *, calls_left: int) -> int:
        """The pushes that wait, the oldest first."""
        served: list[int] = []
        while self.waiting and len(served) < calls_left // CALLS_OF_A_PUSH:
            served.append(self.waiting.popleft())
        chosen = np.array(served, dtype=np.int64)
        self.seen.pushes.extend(minute - self.pushed[chosen])
        self.pushed[chosen] = np.nan
        self._note(chosen, minute)
        return len(served)

    def _note(self, chosen: npt.NDArray[np.int64], minute: int) -> None:
        waited = minute - self.unseen[chosen]
        self.seen.lost.extend(waited[~np.isnan(waited)])
        self.unseen[chosen] = np.nan
        self.read[chosen] = minute
        self.pace[chosen] = self._paces(minute, self.changed[chosen])

    def _paces(self, minute: int, changed: Minutes) -> npt.NDArray[np.int64]:
        ago = minute - changed
        quiet = ago >= STEADY_FOR / timedelta(minutes=1)
        lively = ago < LIVELY_FOR / timedelta(minutes=1)
        return np.where(quiet, Pace.QUIET, np.where(lively, Pace.LIVELY, Pace.STEADY))

    def _turns(self) -> Turns:
        fleet = {}
        for pace in Pace:
            fleet[pace] = int(np.count_nonzero(self.pace == pace))
        reads = RECONCILE_READS * COUNTED_ON
        return reconciling.turns(fleet, steady=STEADY, lively=LIVELY, reads_per_minute=reads)

    def _needed(self) -> float:
        lively = np.count_nonzero(self.pace == Pace.LIVELY)
        reads = lively / (LIVELY / timedelta(minutes=1))
        reads += (self.coaches - lively) / (STEADY / timedelta(minutes=1))
        return float(reads) / RECONCILE_SHARE / COUNTED_ON

    def _spans(self, *, stretched: bool = True) -> Minutes:
        by_pace = np.array([self.turns.spans[pace] / timedelta(minutes=1) for pace in Pace])
        if stretched:
            by_pace = by_pace * self.turns.stretch
        return by_pace[self.pace]
