"""Is there an order? A search after Wing and Gong (1993), with Lowe's memo of what was tried, for
histories of requests that overlapped in time.

A history is explained when all of its steps can be put into one order in which each is possible
where it stands, and whatever was answered before another was sent comes before that. A step whose
answer was lost may stand anywhere after it was sent, or nowhere. Steps that change nothing are
taken as soon as they are possible: that rules nothing out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

State = TypeVar("State")
NEVER = float("inf")
MOST_STATES = 50_000
Verdict = Literal["explained", "impossible", "not decided"]


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """A request. `sent`, `answered`: seconds, NEVER for one without answer. `act`: the state after
    it, or None where it is not possible. `optional`: it may never have been done. `looks`: it
    changes nothing. `name`: for people.
    """

    sent: float
    answered: float
    act: Callable[[State], State | None]
    name: str
    optional: bool = False
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """`stuck`: of the longest order that was found, the steps one of which had to come next."""

    verdict: Verdict
    states: int
    stuck: tuple[str, ...] = ()


def decide(steps: Sequence[Step[State]], begin: State, *, most: int = MOST_STATES) -> Finding:
    """Whether the steps can be ordered, `begin` being the state before all (states are hashable).

    After `most` states "not decided": then the checker has failed, not passed.
    """
    search = _Search(steps)
    tried: set[tuple[int, State]] = set()
    waiting = [(0, begin)]
    furthest = 0
    while waiting:
        done, state = waiting.pop()
        done = search.look(done, state)
        if not search.left(done):
            return Finding("explained", len(tried))
        if (done, state) in tried:
            continue
        if len(tried) == most:
            return Finding("not decided", most, search.names(furthest))
        tried.add((done, state))
        furthest = max(furthest, done, key=int.bit_count)
        waiting += search.after(done, state)
    return Finding("impossible", len(tried), search.names(furthest))


class _Search(Generic[State]):
    """The steps in the order in which they were sent. What was done is a set of them, as the bits
    of a number.
    """

    def __init__(self, steps: Sequence[Step[State]]) -> None:
        self._steps = sorted(steps, key=lambda step: step.sent)
        self._required = 0
        for number, step in enumerate(self._steps):
            if not step.optional:
                self._required |= 1 << number

    def left(self, done: int) -> int:
        return self._required & ~done

    def next_ones(self, done: int) -> Iterator[int]:
        """The steps that may come next: nothing that is left was answered before they were sent."""
        soonest = NEVER
        number = (~done & (done + 1)).bit_length() - 1  # the first that is not done
        for at in range(number, len(self._steps)):
            step = self._steps[at]
            if step.sent > soonest:
                return
            if not done >> at & 1:
                soonest = min(soonest, step.answered)
                yield at

    def look(self, done: int, state: State) -> int:
        """What is done once all that only looks, and sees what it should, has looked."""
        while True:
            before = done
            for at in list(self.next_ones(done)):
                step = self._steps[at]
                if step.looks and step.act(state) is not None:
                    done |= 1 << at
            if done == before:
                return done

    def after(self, done: int, state: State) -> Iterator[tuple[int, State]]:
        """The states that one step leads to; the likeliest is the last. A step without answer was
        likely not done.
        """
        able = [at for at in self.next_ones(done) if not self._steps[at].looks]
        able.sort(key=lambda at: self._steps[at].answered, reverse=True)
        for at in able:
            state_after = self._steps[at].act(state)
            if state_after is not None:
                yield done | 1 << at, state_after

    def names(self, done: int) -> tuple[str, ...]:
        ones = (self._steps[at] for at in self.next_ones(done))
        return tuple(step.name for step in ones if not step.optional)
