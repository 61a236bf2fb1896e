"""A coach's diary as one person with a pencil would keep it: the sequential model that histories
are held against.

Which times are taken, who has which booking at which version, and how many seats of each pod. A
refusal for a time that is not open is always legal here: calendars and the clock close times too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.checks.rows import epoch

BOOKED, ENDED = "booked", "ended"
"""`ENDED`: cancelled or missed, and no answer told which."""


@dataclass(frozen=True, slots=True)
class Time:
    """What is taken, in epoch seconds. `expires`: of a hold."""

    start: int
    end: int
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    session_id: str
    version: int
    status: str = BOOKED


@dataclass(frozen=True, slots=True)
class Pod:
    capacity: int
    taken: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class Diary:
    """Never changed: each act makes another. By the ids of sessions and holds, of bookings, and of
    pods.
    """

    times: Mapping[str, Time] = field(default_factory=dict)
    seats: Mapping[str, Seat] = field(default_factory=dict)
    pods: Mapping[str, Pod] = field(default_factory=dict)

    def __hash__(self) -> int:
        parts = (self.times, self.seats, self.pods)
        return hash(tuple(frozenset(part.items()) for part in parts))

    def is_free(self, wanted: Time, gap: int, *, by: float, without: str | None = None) -> bool:
        """Whether nothing that is taken lies closer than `gap` seconds. `by`: epoch seconds of the
        answer; a hold that expired until then may have been gone.
        """
        for name, taken in self.times.items():
            over = taken.expires is not None and taken.expires <= by
            if over or name == without:
                continue
            if wanted.start - taken.end < gap and taken.start - wanted.end < gap:
                return False
        return True

    def take(self, name: str, wanted: Time, gap: int, *, by: float) -> "Diary | None":
        """With this time taken by `name`, instead of the one that it had; None: it is not free."""
        if not self.is_free(wanted, gap, by=by, without=name):
            return None
        return replace(self, times={**self.times, name: wanted})

    def give(self, name: str | None) -> "Diary":
        """Without what is taken by `name`, if there is such a thing."""
        if name is None or name not in self.times:
            return self
        return replace(self, times={key: time for key, time in self.times.items() if key != name})

    def seat(self, booking_id: str, seat: Seat) -> "Diary":
        return replace(self, seats={**self.seats, booking_id: seat})

    def pod(self, name: str, pod: Pod) -> "Diary":
        return replace(self, pods={**self.pods, name: pod})

    def join(self, name: str) -> "Diary | None":
        """With one seat more taken; None: there is none, or no such pod."""
        pod = self.pods.get(name)
        if pod is None or not pod.active or pod.taken >= pod.capacity:
            return None
        return self.pod(name, replace(pod, taken=pod.taken + 1))

    def leave(self, booking_id: str, status: str) -> "Diary | None":
        """With this booking ended: its time is free, or its seat. None: it does not stand."""
        seat = self.seats.get(booking_id)
        if seat is None or seat.status != BOOKED:
            return None
        after = self.seat(booking_id, replace(seat, version=seat.version + 1, status=status))
        pod = self.pods.get(seat.session_id)
        if pod is None:
            return after.give(seat.session_id)
        return after.pod(seat.session_id, replace(pod, taken=pod.taken - 1))

    def call_off(self, name: str) -> "Diary | None":
        """With this pod off, and everybody's booking in it cancelled. None: it is off already."""
        pod = self.pods.get(name)
        if pod is None or not pod.active:
            return None
        after = self.give(name).pod(name, replace(pod, taken=0, active=False))
        for booking_id, seat in self.seats.items():
            if seat.session_id == name and seat.status == BOOKED:
                ended = replace(seat, version=seat.version + 1, status="cancelled")
                after = after.seat(booking_id, ended)
        return after

    def moved(self, name: str, to: Time, gap: int, *, by: float) -> "Diary | None":
        """With this session, and everybody's booking in it, at another time; None: it is not free,
        or there is no such session.
        """
        if name not in self.times:
            return None
        after = self.take(name, to, gap, by=by)
        if after is None or self.times[name] == to:
            return after
        for booking_id, seat in self.seats.items():
            if seat.session_id == name and seat.status == BOOKED:
                after = after.seat(booking_id, replace(seat, version=seat.version + 1))
        return after

    def shows(self, booking_id: str, answer: Mapping[str, Any]) -> bool:
        """Whether an answer tells of this booking as it stands."""
        seat = self.seats.get(booking_id)
        if seat is None or (seat.session_id, seat.version) != (
            answer["session_id"],
            answer["version"],
        ):
            return False
        if seat.status == ENDED:
            return bool(answer["status"] != BOOKED)
        return bool(answer["status"] == seat.status)

    def shows_session(self, answer: Mapping[str, Any]) -> bool:
        """Whether an answer tells of this session and its seats as they stand. A seat that was
        taken by a request without answer is not known here.
        """
        session_id = answer["session_id"]
        taken = self.times.get(session_id)
        shown = Time(epoch(answer["start"]), epoch(answer["end"]))
        # A session that is over keeps its last time, which nobody keeps free.
        if taken is not None and taken != shown:
            return False
        seats = [each for each in answer["bookings"] if each["id"] in self.seats]
        return all(self.shows(each["id"], each | {"session_id": session_id}) for each in seats)
