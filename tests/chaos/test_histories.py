"""The check of histories itself: what must be explained is, what must not be is not, and a naive
store is caught.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.chaos.checks import histories as checked
from tests.chaos.checks.linear import Step, decide
from tests.chaos.small_world import at, text
from tests.chaos.some_histories import FALSE, TRUE
from tests.chaos.written_histories import History


@pytest.mark.parametrize("name", TRUE)
def test_a_history_that_one_order_explains_is_explained(name: str) -> None:
    assert TRUE[name]().violations == []


@pytest.mark.parametrize("name", FALSE)
def test_a_history_that_no_order_explains_is_found(name: str) -> None:
    (what,) = FALSE[name]().violations
    assert what.startswith("no order explains the history of coach ada")


def test_a_lost_move_that_was_done_explains_a_booking_at_the_old_time() -> None:
    told = History().row("a", version=2).book("a", 9, 0, 1).lost_move("a", 12, 2).book("b", 9, 3, 4)
    assert told.violations == []


def test_what_is_not_decided_is_a_violation_and_says_so() -> None:
    told = History().book("a", 9, 0, 1).book("b", 11, 0, 1).book("c", 9, 0, 1)
    (found,) = checked.histories(told.evidence(), most=1)
    assert "is not decided after 1 states" in found.what


def test_the_search_agrees_with_trying_all_orders() -> None:
    """Of small histories of a number that is written and read, drawn at random, about half of which
    are true.
    """
    dice = random.Random(1)
    verdicts = []
    for _ in range(400):
        steps = list(numbers(dice))
        found = decide(steps, 0).verdict
        assert found == ("explained" if any_order(steps, 0) else "impossible"), steps
        verdicts.append(found)
    assert 100 < verdicts.count("explained") < 300


def numbers(dice: random.Random) -> Iterator[Step[int]]:
    for number in range(dice.randint(2, 6)):
        sent = dice.uniform(0, 6)
        value, optional = dice.randint(0, 2), dice.random() < 0.2
        answered = float("inf") if optional else sent + dice.uniform(0.5, 4)
        looks = not optional and dice.random() < 0.5
        act = reads(value) if looks else writes(value)
        yield Step(sent, answered, act, str(number), optional=optional, looks=looks)


def writes(value: int) -> Callable[[int], int | None]:
    """Only upwards or from 2 to 0: so an order can be impossible."""
    return lambda state: value if value != state else None


def reads(value: int) -> Callable[[int], int | None]:
    return lambda state: state if state == value else None


def any_order(steps: list[Step[int]], state: int) -> bool:
    """Try each as the next one, the naive way."""
    if all(step.optional for step in steps):
        return True
    for step in steps:
        after = step.act(state)
        others = [other for other in steps if other is not step]
        first = all(other.answered >= step.sent for other in others)
        if first and after is not None and any_order(others, after):
            return True
    return False


@dataclass
class Store:
    """A store of one coach's times, and 16 clients of it. `naive`: it looks whether a time is free,
    waits a little, and writes.
    """

    dice: random.Random
    naive: bool
    taken: dict[str, float] = field(default_factory=dict)
    history: History = field(default_factory=History)
    versions: dict[str, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)

    def run(self, requests: int) -> History:
        todo: list[tuple[float, Callable[[], None]]] = []
        for number in range(requests):
            sent = number / 16 + self.dice.random()
            todo += self.ask(f"b{number}", sent)
        for _, do in sorted(todo, key=lambda each: each[0]):
            do()
        for name, version in self.versions.items():
            self.history.row(name, version, "booked" if name in self.taken else "cancelled")
        return self.history

    def ask(self, name: str, sent: float) -> Iterator[tuple[float, Callable[[], None]]]:
        """A booking, and then its end; each is looked at, done and answered at moments of their
        own.
        """
        hour, told, lost = self.dice.choice(range(9, 19, 2)), sent + 1, self.dice.random() < 0.1
        looked, written = sorted(self.dice.uniform(sent, told) for _ in range(2))
        seen: list[bool] = []
        yield (looked if self.naive else written - 1e-9), lambda: seen.append(self.is_free(hour))
        yield written, lambda: self.book(name, hour, (sent, told), free=seen[0], lost=lost)
        end = told + 0.1 + self.dice.random()
        yield end + 0.5, lambda: self.cancel(name, (end, end + 1))

    def is_free(self, hour: float) -> bool:
        return hour not in self.taken.values()

    def book(
        self, name: str, hour: float, span: tuple[float, float], *, free: bool, lost: bool
    ) -> None:
        if free:
            self.taken[name], self.versions[name] = hour, 1
        if lost:
            self.history.lost(name, hour, span[0])
        elif free:
            self.answered.add(name)
            self.history.book(name, hour, *span)
        else:
            request = {"start": text(at(hour)), "duration": 60, "participant": {"id": name}}
            self.history.refused("book", *span, request=request, code="slot_not_open")

    def cancel(self, name: str, span: tuple[float, float]) -> None:
        """Whoever was not answered knows no booking to cancel."""
        if name in self.taken and name in self.answered:
            del self.taken[name]
            self.versions[name] = 2
            self.history.cancel(name, *span, version=2)


@pytest.mark.parametrize("seed", range(3))
def test_four_hundred_requests_of_sixteen_clients_are_decided(seed: int) -> None:
    assert Store(random.Random(seed), naive=False).run(400).violations == []


def test_a_store_that_looks_and_then_writes_is_found() -> None:
    (what,) = Store(random.Random(0), naive=True).run(400).violations
    assert "no order explains" in what
