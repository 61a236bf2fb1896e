"""What a benchmark tells: figures, each beside its floor and its goal, and plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Literal

Verdict = Literal["holds", "misses", "told", "no floor", "not measured"]


@dataclass(frozen=True)
class Spread:
    """The median of several turns, and their quartiles."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """`values`: one or more."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls(*quantiles(values, n=4, method="inclusive"))


@dataclass(frozen=True)
class Goal:
    """What to reach: of the ratio to the floor, or of the figure itself."""

    of: Literal["ratio", "ours"]
    sense: Literal["at most", "at least"]
    value: float

    def holds(self, reached: float) -> bool:
        if self.sense == "at most":
            return reached <= self.value
        return reached >= self.value

    def __str__(self) -> str:
        sign = {"at most": "<=", "at least": ">="}[self.sense]
        return f"{sign} {number(self.value)}{'x' * (self.of == 'ratio')}"


def ratio_at_most(value: float) -> Goal:
    return Goal("ratio", "at most", value)


def ratio_at_least(value: float) -> Goal:
    return Goal("ratio", "at least", value)


def at_most(value: float) -> Goal:
    return Goal("ours", "at most", value)


def at_least(value: float) -> Goal:
    return Goal("ours", "at least", value)


@dataclass(frozen=True)
class Figure:
    """One line of the table. `id` begins with the benchmark's name: "P3 storm".

    `beside` names the floor, which was measured in the same run; `goals` must all hold. `why` says
    why there is nothing to tell, or no floor. `date`: when it was measured, if that is another day
    than that of the page.
    """

    id: str
    unit: str
    ours: Spread | None = None
    beside: str = ""
    floor: Spread | None = None
    goals: tuple[Goal, ...] = ()
    why: str = ""
    date: str = ""

    @property
    def bench(self) -> str:
        return self.id.partition(" ")[0].rstrip(",")

    @property
    def ratio(self) -> float | None:
        """None without a floor, or with one of nothing."""
        if self.ours is None or self.floor is None or not self.floor.middle:
            return None
        return self.ours.middle / self.floor.middle

    @property
    def verdict(self) -> Verdict:
        """Without a floor from the same run there is none: the machine may have been busy."""
        if self.ours is None:
            return "not measured"
        if not self.goals:
            return "told"
        if self.floor is None:
            return "no floor"
        if all(self._holds(goal) for goal in self.goals):
            return "holds"
        return "misses"

    def _holds(self, goal: Goal) -> bool:
        assert self.ours is not None
        if goal.of == "ours":
            return goal.holds(self.ours.middle)
        return self.ratio is not None and goal.holds(self.ratio)


def not_measured(id: str, why: str) -> Figure:  # noqa: A002 (a figure's id)
    return Figure(id, "", why=why)


@dataclass(frozen=True)
class Plot:
    """Values by name, each measured at every point of `at`. `name`: its file's, without .svg."""

    name: str
    title: str
    across: str
    at: tuple[float, ...]
    lines: Mapping[str, Sequence[float]]


Told = Figure | Plot


def number(value: float) -> str:
    """Three digits that count, and commas."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
