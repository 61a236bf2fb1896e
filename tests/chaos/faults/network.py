"""What lies between the product and its neighbours: cut, slow, or silent."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Inflict, Turn, on_postgresql
from tests.chaos.scene import NEIGHBOURS

DELAY_SECONDS = 0.3


def spoiled(mode: str) -> Inflict:
    """The way to one neighbour after the other; see tests.support.tcp_proxy for the modes."""

    @contextmanager
    def inflict(turn: Turn) -> Iterator[str]:
        there = NEIGHBOURS if turn.scene.database.kind == "postgresql" else NEIGHBOURS[1:]
        yield from _between(turn, turn.one_of(*there), mode)

    return inflict


@contextmanager
def database_silent(turn: Turn) -> Iterator[str]:
    yield from _between(turn, "database", "swallow")


def _between(turn: Turn, neighbour: str, mode: str) -> Iterator[str]:
    turn.scene.spoil(neighbour, mode, seconds=DELAY_SECONDS)
    yield neighbour
    turn.scene.mend(neighbour)


_NETWORK = frozenset({"network", "database", "redis", "cronofy", "smtp", "platform"})
NETWORK = (
    Fault(
        "database silent",
        "F4",
        4.0,
        frozenset({"network", "database"}),
        database_silent,
        on_postgresql,
    ),
    Fault("cut", "F5", 1.5, _NETWORK, spoiled("cut")),
    Fault("cut replies", "F5", 1.5, _NETWORK, spoiled("cut_replies")),
    Fault("half close", "F5", 1.5, _NETWORK, spoiled("half_close")),
    Fault("delay", "F5", 2.0, _NETWORK, spoiled("delay")),
    Fault("swallow", "F5", 3.0, _NETWORK, spoiled("swallow")),
    Fault("swallow replies", "F5", 3.0, _NETWORK, spoiled("swallow_replies")),
)
