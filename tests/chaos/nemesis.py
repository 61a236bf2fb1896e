"""The order of faults that a seed means, and how each is brought, undone, and recovered from."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.chaos.canary import Canary, Recovery
from tests.chaos.faults import Fault
from tests.chaos.faults.base import Turn
from tests.chaos.scene import BOUND_SECONDS, Scene

TWO_AT_ONCE = 0.12
RECOVERY_SECONDS = 10.0
PATIENCE_SECONDS = 25.0
CALM_SECONDS = 0.5


@dataclass(frozen=True)
class Step:
    """One fault, or two at once, and the die that decides their details."""

    faults: tuple[Fault, ...]
    seed: str


@dataclass(frozen=True)
class Episode:
    """What came of a step, in seconds of the run's clock."""

    faults: tuple[Fault, ...]
    details: str
    began: float
    ended: float
    recovery: Recovery

    @property
    def name(self) -> str:
        names = " + ".join(fault.name for fault in self.faults)
        return f"{names} ({self.details})" if self.details else names

    @property
    def leaves_a_rest(self) -> bool:
        """Whether others could go on all the while."""
        return all(fault.leaves_a_rest for fault in self.faults)


def plan(seed: int, faults: Sequence[Fault]) -> Iterator[Step]:
    """Without end: all of them in some order, then all of them in another. So each comes as often
    as the others.
    """
    dice = random.Random(f"{seed}/nemesis")
    number = 0
    while True:
        for fault in dice.sample(faults, len(faults)):
            number += 1
            others = [other for other in faults if not other.touches & fault.touches]
            second = (dice.choice(others),) if others and dice.random() < TWO_AT_ONCE else ()
            yield Step((fault, *second), f"{seed}/{number}")


class Nemesis:
    def __init__(
        self, scene: Scene, canary: Canary, seed: int, tell: Callable[[str], None]
    ) -> None:
        self.episodes: list[Episode] = []
        self._scene = scene
        self._canary = canary
        self._seed = seed
        self._tell = tell
        self._turns: Counter[str] = Counter()

    def run(
        self, faults: Sequence[Fault], seconds: float, times: int, after_each: Callable[[], None]
    ) -> None:
        """For so long, and until each fault came so often."""
        end = self._scene.journal.now() + seconds
        dice = random.Random(f"{self._seed}/turns")
        self._turns.update({fault.name: dice.randrange(60) for fault in faults})
        for step in plan(self._seed, faults):
            if self._scene.journal.now() > end and self._least(faults) >= times:
                return
            self._bring(step)
            after_each()

    def _least(self, faults: Sequence[Fault]) -> int:
        came = Counter(fault.name for episode in self.episodes for fault in episode.faults)
        return min(came[fault.name] for fault in faults)

    def _bring(self, step: Step) -> None:
        dice = random.Random(step.seed)
        journal = self._scene.journal
        began = journal.now()
        details: list[str] = []
        with ExitStack() as undoing:
            for fault in step.faults:
                turn = Turn(self._scene, self._turns[fault.name], dice)
                self._turns[fault.name] += 1
                details.append(str(undoing.enter_context(fault.inflict(turn)) or ""))
            until = time.monotonic() + self._seconds(step) * dice.uniform(0.8, 1.2)
            if any(fault.leaves_a_rest for fault in step.faults):
                self._look_at_the_rest(", ".join(filter(None, details)))
            time.sleep(max(0.0, until - time.monotonic()))
        ended = journal.now()
        recovery = self._canary.sing(PATIENCE_SECONDS * self._scene.patience)
        episode = Episode(step.faults, ", ".join(filter(None, details)), began, ended, recovery)
        self.episodes.append(episode)
        self._judge(episode)
        # A process that was killed is no use to anybody while it starts; nobody kills the other one
        # meanwhile.
        self._scene.fleet.wait_until_ready()
        time.sleep(CALM_SECONDS)

    def _seconds(self, step: Step) -> float:
        return max(fault.seconds for fault in step.faults)

    def _look_at_the_rest(self, details: str) -> None:
        """While it lasts: whoever is not struck books, mails and sees changes within the bound."""
        bound = BOUND_SECONDS * self._scene.patience
        rest = self._canary.sing(bound)
        self._tell(f"  meanwhile the rest ({details}): {rest}")
        if rest.seconds is None:
            what = f"while {details}: not within {bound:.0f} s ({rest})"
            self._scene.journal.tell("G2", what)

    def _judge(self, episode: Episode) -> None:
        seconds = episode.recovery.seconds
        took = "not normal again" if seconds is None else f"normal after {seconds:.1f} s"
        self._tell(
            f"{episode.name}: {episode.ended - episode.began:.1f} s, {took} ({episode.recovery})"
        )
        if seconds is None or seconds > RECOVERY_SECONDS * self._scene.patience:
            self._scene.journal.tell("G9", f"after {episode.name}: {took} ({episode.recovery})")
