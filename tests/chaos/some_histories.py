"""Histories of requests, written down by hand: some that one order explains, and some that none
does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.chaos.checks import histories as checked
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
