"""The check of histories itself: what must be explained is, what must not be is not, and a naive
store is caught.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.chaos.checks import histories as checked
from tests.chaos.checks.linear import Step, decide
from tests.chaos.evidence import Evidence, Operation, Row
from tests.chaos.small_world import at, coach, session, text

ZERO = int(datetime(2026, 6, 1, 8, 0, tzinfo=UTC).timestamp())
GAP = 900


@dataclass
class History:
    """Requests about Ada, written down as clients saw them. Times of sessions in hours of that
    Monday.
    """

    operations: list[Operation] = field(default_factory=list)
    bookings: list[Row] = field(default_factory=list)

    def add(
        self,
        kind: str,
        span: tuple[float, float | None],
        request: Row,
        status: int | None,
        answer: Any = None,
    ) -> None:
        number = len(self.operations)
        key = None if kind == "read" else f"key-{number}"
        asked = Operation(number, "tests", kind, "ada", key, request, *span, status, answer)
        self.operations.append(asked)

    def row(self, name: str, version: int = 1, status: str = "booked") -> "History":
        """How it stands in the end."""
        plain = {"id": name, "session_id": f"ses_{name}", "participant_id": name}
        self.bookings.append(plain | {"version": version, "status": status})
        return self

    def book(self, name: str, hour: float, *span: float, **more: Any) -> "History":
        request = {
            "coach_id": "ada",
            "start": text(at(hour)),
            "duration": 60,
            "participant": {"id": name},
        }
        self.add("book", (span[0], span[1]), request | more, 201, shown(name, hour))
        return self

    def lost(self, name: str, hour: float, sent: float) -> "History":
        request = {
            "coach_id": "ada",
            "start": text(at(hour)),
            "duration": 60,
            "participant": {"id": name},
        }
        self.add("book", (sent, None), request, None)
        return self

    def move(self, name: str, hour: float, *span: float, made: int, **more: Any) -> "History":
        request = {"booking_id": name, "start": text(at(hour))} | more
        self.add("move", (span[0], span[1]), request, 200, shown(name, hour, made))
        return self

    def lost_move(self, name: str, hour: float, sent: float) -> "History":
        self.add("move", (sent, None), {"booking_id": name, "start": text(at(hour))}, 503)
        return self

    def cancel(self, name: str, *span: float, version: int) -> "History":
        told = shown(name, 0, version) | {"status": "cancelled"}
        self.add("cancel", (span[0], span[1]), {"booking_id": name}, 200, told)
        return self

    def lost_cancel(self, name: str, sent: float) -> "History":
        self.add("cancel", (sent, None), {"booking_id": name}, None)
        return self

    def refused(self, kind: str, *span: float, request: Row, **answer: Any) -> "History":
        self.add(kind, (span[0], span[1]), request, 409, answer)
        return self

    def read(self, name: str, *span: float, version: int, status: str = "booked") -> "History":
        told = shown(name, 0, version) | {"status": status}
        self.add("read", (span[0], span[1]), {"booking_id": name}, 200, told)
        return self

    def missing(self, name: str, *span: float) -> "History":
        self.add("read", (span[0], span[1]), {"booking_id": name}, 404, {"code": "unknown_booking"})
        return self

    def pod(self, seats: int, *span: float) -> "History":
        request = {"coach_id": "ada", "start": text(at(10)), "duration": 60, "max_seats": seats}
        told = {"session_id": "ses_pod", "pod": {"max_seats": seats, "taken": 0}, "bookings": []}
        self.add("make_pod", (span[0], span[1]), request, 201, told)
        return self

    def join(self, name: str, *span: float, taken: int) -> "History":
        told = shown(name, 10) | {"session_id": "ses_pod", "pod": {"taken": taken}}
        request = {"pod_id": "ses_pod", "participant": {"id": name}}
        self.add("join", (span[0], span[1]), request, 201, told)
        return self

    def hold(self, name: str, hour: float, *span: float, expires: float) -> "History":
        request = {"coach_id": "ada", "start": text(at(hour)), "duration": 60}
        self.add(
            "hold",
            (span[0], span[1]),
            request,
            201,
            {"id": name, "expires_at": text(int(ZERO + expires))},
        )
        return self

    def evidence(self) -> Evidence:
        stranger = [session(f"ses_{row['id']}", "ada", at(0)) for row in self.bookings]
        tables: dict[str, list[Row]] = {"coaches": [coach("ada", None)], "bookings": self.bookings}
        tables["sessions"] = list(stranger)
        return Evidence(self.operations, tables, [], [], [], {}, now=ZERO, clock_zero=ZERO)

    @property
    def violations(self) -> list[str]:
        return [each.what for each in checked.histories(self.evidence())]


def shown(name: str, hour: float, version: int = 1) -> dict[str, Any]:
    plain = {
        "id": name,
        "uid": name,
        "session_id": f"ses_{name}",
        "version": version,
        "status": "booked",
    }
    return plain | {"start": text(at(hour)), "end": text(at(hour + 1))}


def past(**more: Any) -> Row:
    return {"booking_id": "a", "start": text(at(12))} | more


Made = Callable[[], History]
TRUE: dict[str, Made] = {
    "a cancellation that took effect at once, and was answered late": (
        lambda: History().book("a", 9, 0, 1).cancel("a", 2, 5, version=2).book("b", 9, 3, 4)
    ),
    "a lost cancellation that was done": (
        lambda: (
            History()
            .row("a", 2, "cancelled")
            .book("a", 9, 0, 1)
            .lost_cancel("a", 2)
            .book("b", 9, 3, 4)
        )
    ),
    "a lost cancellation that was done late": (
        lambda: (
            History()
            .row("a", 2, "cancelled")
            .book("a", 9, 0, 1)
            .lost_cancel("a", 2)
            .read("a", 3, 4, version=1)
            .book("b", 9, 8, 9)
            .read("a", 10, 11, version=2, status="missed")
        )
    ),
    "a lost booking that was never done": lambda: History().lost("a", 9, 0).book("b", 9, 1, 2),
    "a lost booking that was done after the time was free again": (
        lambda: History().row("x").lost("x", 9, 0).book("b", 9, 1, 2).cancel("b", 3, 4, version=2)
    ),
    "a stale version, of a move that is not answered yet": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .refused("move", 3, 4, request=past(version=1), code="stale_version", current=2)
        )
    ),
    "three for two seats": (
        lambda: (
            History()
            .pod(2, 0, 1)
            .join("a", 2, 9, taken=2)
            .join("b", 3, 8, taken=1)
            .refused("join", 4, 7, request={"pod_id": "ses_pod"}, code="seats_full")
        )
    ),
    "three that make room for each other at once": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .book("b", 10.25, 0, 1)
            .move("a", 10.25, 2, 9, made=2)
            .move("b", 11.5, 3, 8, made=2)
            .book("c", 9, 4, 5)
        )
    ),
    "a booking that is not there yet": lambda: History().book("a", 9, 0, 3).missing("a", 1, 2),
    "a hold that has ended": lambda: History().hold("h", 9, 0, 1, expires=60).book("b", 9, 59, 61),
    "a hold that is used": lambda: (
        History().hold("h", 9, 0, 1, expires=60).book("b", 9, 2, 3, hold_id="h")
    ),
    "two reads while it moves": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .read("a", 3, 5, version=1)
            .read("a", 4, 8, version=2)
        )
    ),
    "a time that is closed for reasons of its own": (
        lambda: History().refused("book", 0, 1, request={}, code="slot_not_open", reason="busy")
    ),
}
FALSE: dict[str, Made] = {
    "two at once": lambda: History().book("a", 9, 0, 1).book("b", 9, 0, 1),
    "two that are too close": lambda: History().book("a", 9, 0, 1).book("b", 10 + 10 / 60, 0, 1),
    "a time that was given back only later": (
        lambda: History().book("a", 9, 0, 1).book("b", 9, 2, 3).cancel("a", 4, 5, version=2)
    ),
    "an acceptance on a stale version": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 3, made=2)
            .move("a", 13, 4, 5, made=3, version=1)
        )
    ),
    "a version twice": (
        lambda: History().book("a", 9, 0, 1).move("a", 11, 2, 9, made=2).move("a", 13, 3, 8, made=2)
    ),
    "a seat too many": (
        lambda: History().pod(1, 0, 1).join("a", 2, 9, taken=1).join("b", 3, 8, taken=2)
    ),
    "two that count one seat": (
        lambda: History().pod(2, 0, 1).join("a", 2, 9, taken=1).join("b", 3, 8, taken=1)
    ),
    "a full pod with a seat": (
        lambda: (
            History()
            .pod(2, 0, 1)
            .join("a", 2, 3, taken=1)
            .refused("join", 4, 5, request={"pod_id": "ses_pod"}, code="seats_full")
        )
    ),
    "an end after the end": (
        lambda: (
            History().book("a", 9, 0, 1).cancel("a", 2, 3, version=2).cancel("a", 4, 5, version=3)
        )
    ),
    "a move after the end": (
        lambda: (
            History().book("a", 9, 0, 1).cancel("a", 2, 3, version=2).move("a", 11, 4, 5, made=3)
        )
    ),
    "a read of what was": (
        lambda: History().book("a", 9, 0, 1).move("a", 11, 2, 3, made=2).read("a", 4, 5, version=1)
    ),
    "reads that go back": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .read("a", 3, 4, version=2)
            .read("a", 5, 6, version=1)
        )
    ),
    "called ended while it stands": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .refused("move", 2, 3, request=past(), code="booking_ended", ended_as="cancelled")
        )
    ),
    "a booking that is not there": lambda: History().book("a", 9, 0, 1).missing("a", 2, 3),
    "a hold that nobody kept": lambda: History().hold("h", 9, 0, 1, expires=60).book("b", 9, 2, 3),
    "a lost move that the rows do not know": (
        lambda: History().row("a").book("a", 9, 0, 1).lost_move("a", 12, 2).book("b", 9, 3, 4)
    ),
    "a lost booking done before it was sent": (
        lambda: History().row("x").book("a", 9, 0, 1).book("b", 9, 2, 3).lost("x", 9, 4)
    ),
}


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
