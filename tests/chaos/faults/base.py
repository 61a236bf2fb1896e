"""What a fault is."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.chaos.scene import Scene


@dataclass(frozen=True)
class Turn:
    """One time that a fault comes. `number`: which time of this fault in this run, so that it takes
    turns.
    """

    scene: Scene
    number: int
    dice: random.Random

    def one_of(self, *names: str) -> str:
        """Each in turn, beginning anywhere."""
        return names[self.number % len(names)]


Inflict = Callable[[Turn], AbstractContextManager[object]]


def always(_scene: Scene) -> str | None:
    return None


def on_postgresql(scene: Scene) -> str | None:
    return None if scene.database.kind == "postgresql" else "SQLite has no server"


@dataclass(frozen=True)
class Fault:
    """`of`: its number in the table of faults (F1 to F10). `seconds`: how long it lasts.

    `touches`: what it spoils and mends; two at once touch different things. `lacks`: why it cannot
      be had here. `leaves_a_rest`: while it lasts others go on, and how soon is measured.
    """

    name: str
    of: str
    seconds: float
    touches: frozenset[str]
    inflict: Inflict = field(compare=False)
    lacks: Callable[[Scene], str | None] = field(default=always, compare=False)
    leaves_a_rest: bool = False
