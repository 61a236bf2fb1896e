"""Clocks that are wrong: stepped while the process runs, or wrong when it starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Inflict, Turn
from tests.chaos.fleet import STEPPED


def stepped(seconds: int) -> Inflict:
    """One worker or one clock process, forward or back."""

    @contextmanager
    def inflict(turn: Turn) -> Iterator[str]:
        fleet = turn.scene.fleet
        name = turn.one_of(*STEPPED)
        off = turn.dice.choice((seconds, -seconds))
        fleet.set_clock(name, off)
        yield f"{name} {off:+d}"
        fleet.set_clock(name, 0)

    return inflict


@contextmanager
def wrong_from_start(turn: Turn) -> Iterator[str]:
    """It starts all the same, takes no work, and goes on once the clock is right."""
    fleet = turn.scene.fleet
    name = turn.one_of(*STEPPED)
    fleet.kill(name)
    fleet.set_clock(name, turn.dice.choice((120, -3600)))
    fleet.start(name)
    yield name
    fleet.set_clock(name, 0)


_CLOCKS = frozenset({"worker", "clock"})
CLOCKS = (
    Fault("clock off 120 s", "F7", 4.0, _CLOCKS, stepped(120)),
    Fault("clock off 3600 s", "F7", 4.0, _CLOCKS, stepped(3600)),
    Fault("clock off at start", "F7", 4.0, _CLOCKS, wrong_from_start),
)
