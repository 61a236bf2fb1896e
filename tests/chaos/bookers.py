"""Those who book: 1:1 sessions, holds, seats in pods; who move, cancel and call off. All want the
same few times.
"""

from collections.abc import Callable
from typing import Any

from tests.chaos.calling import Caller
from tests.chaos.people import (
    COACHES,
    DURATION,
    LATER,
    PARTICIPANTS,
    SOON,
    Times,
    participant,
    text,
)

MOST_MINE = 4
SEATS = 3
HOLD_MINUTES = 5


class Booker(Caller):
    """What it has: the answers to what it booked, held and made, the newest last."""

    def __init__(
        self, *arguments: Any, times: Times, pods: list[dict[str, Any]], pace: float
    ) -> None:
        super().__init__(*arguments)
        self._times = times
        self._pods = pods  # shared with the others: whoever makes one shows it to all
        self._pace = pace
        self._mine: list[dict[str, Any]] = []
        self._seats: list[dict[str, Any]] = []
        self._holds: list[dict[str, Any]] = []

    def run(self) -> None:
        while not self.over.is_set():
            self._deed()()
            self.rest(self._pace)

    def _deed(self) -> Callable[[], None]:
        """The die decides among what can be done now."""
        deeds: list[tuple[Callable[[], None], int]] = [(self.book, 6), (self.hold, 2)]
        if self._mine:
            deeds += [(self.move, 4), (self.cancel, 3 * len(self._mine))]
        if self._holds:
            deeds += [(self.use_hold, 4), (self.release, 2)]
        if self._pods:
            deeds += [(self.join, 5), (self.call_off, len(self._pods))]
        if len(self._pods) < len(COACHES):
            deeds += [(self.make_pod, 3)]
        if self._seats:
            deeds += [(self.leave, 2 * len(self._seats))]
        (chosen,) = self.dice.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])
        return chosen

    def book(self) -> None:
        coach_id, body = self._wanted()
        self._keep(self._mine, self._book(coach_id, body))

    def move(self) -> None:
        mine = self._mine.pop()
        # Excused, as far as it is late: the booking stays the one that the checks know.
        body = {"start": self._start(), "excused": True}
        path = f"/v1/bookings/{mine['id']}/rebook"
        moved = self.write("move", mine["coach_id"], "POST", path, body, booking_id=mine["id"])
        self._mine.append(moved.answer if moved.status == 200 else mine)

    def cancel(self) -> None:
        self._cancel("cancel", self._mine.pop(0))

    def leave(self) -> None:
        self._cancel("leave", self._seats.pop(0))

    def hold(self) -> None:
        coach_id, body = self._wanted()
        body = {"coach_id": coach_id, "start": body["start"], "duration": DURATION}
        body |= {"owner": self.name, "minutes": HOLD_MINUTES}
        done = self.write("hold", coach_id, "POST", "/v1/holds", body)
        self._keep(self._holds, done.answer if done.status == 201 else None)

    def use_hold(self) -> None:
        held = self._holds.pop()
        _, body = self._wanted()
        body |= {"coach_id": held["coach_id"], "start": held["start"], "hold_id": held["id"]}
        self._keep(self._mine, self._book(held["coach_id"], body))

    def release(self) -> None:
        held = self._holds.pop()
        self.write(
            "release",
            held["coach_id"],
            "DELETE",
            f"/v1/holds/{held['id']}",
            None,
            hold_id=held["id"],
        )

    def make_pod(self) -> None:
        coach_id, body = self._wanted()
        body = {"coach_id": coach_id, "start": body["start"], "duration": DURATION}
        body |= {"min_seats": 1, "max_seats": SEATS, "title": "Circle"}
        done = self.write("make_pod", coach_id, "POST", "/v1/pods", body)
        self._keep(self._pods, done.answer if done.status == 201 else None)

    def join(self) -> None:
        pod = self.dice.choice(self._pods)
        body = {"participant": self._somebody()}
        path = f"/v1/pods/{pod['session_id']}/seats"
        done = self.write("join", pod["coach_id"], "POST", path, body, pod_id=pod["session_id"])
        self._keep(self._seats, done.answer if done.status == 201 else None)

    def call_off(self) -> None:
        pod = self._pods.pop(0)
        path = f"/v1/pods/{pod['session_id']}"
        body = {"status": "disabled"}
        self.write("call_off", pod["coach_id"], "PATCH", path, body, pod_id=pod["session_id"])

    def _book(self, coach_id: str, body: dict[str, Any]) -> Any:
        done = self.write("book", coach_id, "POST", "/v1/bookings", body)
        return done.answer if done.status == 201 else None

    def _cancel(self, kind: str, mine: dict[str, Any]) -> None:
        path = f"/v1/bookings/{mine['id']}/cancel"
        self.write(kind, mine["coach_id"], "POST", path, {}, booking_id=mine["id"])

    def _keep(self, where: list[dict[str, Any]], answer: Any) -> None:
        if answer is not None:
            where.append(answer)

    def _wanted(self) -> tuple[str, dict[str, Any]]:
        coach_id = self.dice.choice(COACHES)
        body = {"coach_id": coach_id, "start": self._start(), "duration": DURATION}
        return coach_id, {**body, "participant": self._somebody()}

    def _start(self) -> str:
        hours = self.dice.choice(SOON) if self.dice.random() < 0.15 else self.dice.choice(LATER)
        return text(self._times.at(hours))

    def _somebody(self) -> dict[str, Any]:
        return participant(self.dice.randrange(PARTICIPANTS))
