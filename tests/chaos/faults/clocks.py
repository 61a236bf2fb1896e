"""Clocks that are wrong: stepped while the process runs, or wrong when it starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Inflict, Turn
from tests.chaos.scene import Scene


def stepped(seconds: int) -> Inflict:
    """One worker or one clock process, forward or back."""

    @contextmanager
    def inflict(turn: Turn) -> Iterator[str]:
        fleet = turn.scene.fleet
        name = turn.one_of("worker-1", "clock-1")
        off = turn.dice.choice((seconds, -seconds))
        fleet.set_clock(name, off)
        yield f"{name} {off:+d}"
        fleet.set_clock(name, 0)

    return inflict


@contextmanager
def wrong_from_start(turn: Turn) -> Iterator[str]:
    """It starts all the same, takes no work, and goes on once the clock is right."""
    fleet = turn.scene.fleet
    name = turn.one_of("worker-1", "clock-1")
    fleet.kill(name)
    fleet.set_clock(name, turn.dice.choice((120, -3600)))
    fleet.start(name)
    yield name
    fleet.set_clock(name, 0)


def _own_clocks(scene: Scene) -> str | None:
    return None if scene.fleet.has_own_clocks else "libfaketime is not installed"


_CLOCKS = frozenset({"worker", "clock"})
CLOCKS = (
    Fault("clock off 120 s", "F7", 4.0, _CLOCKS, stepped(120), _own_clocks),
    Fault("clock off 3600 s", "F7", 4.0, _CLOCKS, stepped(3600), _own_clocks),
    Fault("clock off at start", "F7", 4.0, _CLOCKS, wrong_from_start, _own_clocks),
)
