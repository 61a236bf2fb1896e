"""What each request, with its answer or without, does to a coach's diary: None where that answer
could not be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.checks.diary import BOOKED, ENDED, Diary, Pod, Seat, Time
from tests.chaos.checks.rows import epoch
from tests.chaos.evidence import Row

Act = Callable[[Diary], Diary | None]
NO_ID = "?"
"""What an id begins with that no answer told of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its repeats taken together. `answer` None: it was lost, or has no body. `gap`:
    seconds that the coach's sessions are apart at least. `by`: epoch seconds of the answer.
    """

    number: int
    kind: str
    request: Row
    answer: Any
    gap: int
    by: float

    @property
    def nameless(self) -> str:
        return f"{NO_ID}{self.number}"


def success(asked: Asked) -> Act | None:
    """None: a kind that no diary knows."""
    if asked.kind == "move" and "pod_id" in asked.request:
        return changes_seat(asked)
    act = _ACTS.get(asked.kind)
    return None if act is None else act(asked)


def book(asked: Asked) -> Act:
    """Also a seat, if the request names a pod."""
    if "pod_id" in asked.request:
        return join(asked)
    answer, request = asked.answer, asked.request

    def act(diary: Diary) -> Diary | None:
        diary = diary.give(request.get("hold_id"))
        if answer is None:
            return diary.take(asked.nameless, _wanted(request), asked.gap, by=asked.by)
        if (
            answer["id"] in diary.seats
            or answer["version"] != 1
            or _shown(answer) != _wanted(request)
        ):
            return None
        after = diary.take(answer["session_id"], _shown(answer), asked.gap, by=asked.by)
        return after and after.seat(answer["id"], Seat(answer["session_id"], 1))

    return act


def move(asked: Asked) -> Act:
    answer, request = asked.answer, asked.request
    booking_id = request["booking_id"]

    def act(diary: Diary) -> Diary | None:
        seat = _standing(diary, request)
        if seat is None or seat.session_id in diary.pods:
            return None
        before = diary.times[seat.session_id]
        length = 60 * (request.get("duration") or (before.end - before.start) // 60)
        start = epoch(request["start"])
        after = Time(start, start + length)
        version = seat.version + (before != after)  # to where it is already is no change
        if answer is not None and (answer["version"], _shown(answer)) != (version, after):
            return None
        moved = diary.give(request.get("hold_id")).take(
            seat.session_id, after, asked.gap, by=asked.by
        )
        return moved and moved.seat(booking_id, Seat(seat.session_id, version))

    return act


def changes_seat(asked: Asked) -> Act:
    answer, request = asked.answer, asked.request
    booking_id, pod_id = request["booking_id"], request["pod_id"]

    def act(diary: Diary) -> Diary | None:
        seat = _standing(diary, request)
        after = None if seat is None else diary.leave(booking_id, ENDED)
        after = after and after.join(pod_id)
        if seat is None or after is None:
            return None
        if answer is not None and answer["version"] != seat.version + 1:
            return None
        return after.seat(booking_id, Seat(pod_id, seat.version + 1))

    return act


def cancel(asked: Asked) -> Act:
    answer, request = asked.answer, asked.request
    status = ENDED if answer is None else answer["status"]

    def act(diary: Diary) -> Diary | None:
        if status == BOOKED or _standing(diary, request) is None:
            return None
        after = diary.leave(request["booking_id"], status)
        if after is None or answer is None:
            return after
        return after if after.shows(answer["id"], answer) and _counts(after, answer) else None

    return act


def hold(asked: Asked) -> Act:
    answer, request = asked.answer, asked.request

    def act(diary: Diary) -> Diary | None:
        wanted = _wanted(request)
        if answer is None:
            # It may have been made later, and then ends later: nobody is asked to keep a hold to
            # its end.
            lost = Time(wanted.start, wanted.end, expires=0.0)
            return diary.take(asked.nameless, lost, asked.gap, by=asked.by)
        kept = Time(wanted.start, wanted.end, expires=float(epoch(answer["expires_at"])))
        return diary.take(answer["id"], kept, asked.gap, by=asked.by)

    return act


def release(asked: Asked) -> Act:
    hold_id = asked.request["hold_id"]
    return lambda diary: diary.give(hold_id) if hold_id in diary.times else None


def make_pod(asked: Asked) -> Act:
    answer, request = asked.answer, asked.request

    def act(diary: Diary) -> Diary | None:
        name = asked.nameless if answer is None else answer["session_id"]
        after = diary.give(request.get("hold_id")).take(
            name, _wanted(request), asked.gap, by=asked.by
        )
        if after is None or answer is None:
            return after
        seated = answer.get("bookings", ())
        after = after.pod(name, Pod(answer["pod"]["max_seats"], len(seated)))
        for each in seated:
            after = after.seat(each["id"], Seat(name, each["version"]))
        return after

    return act


def join(asked: Asked) -> Act:
    answer = asked.answer

    def act(diary: Diary) -> Diary | None:
        pod_id = asked.request["pod_id"]
        after = diary.join(pod_id)
        if after is None or answer is None:
            return after
        if (
            answer["id"] in diary.seats
            or answer["session_id"] != pod_id
            or not _counts(after, answer)
        ):
            return None
        return after.seat(answer["id"], Seat(pod_id, answer["version"]))

    return act


def call_off(asked: Asked) -> Act:
    pod_id = asked.request["pod_id"]
    return lambda diary: diary.call_off(pod_id)


def settle(asked: Asked) -> Act:
    """The session goes to where its event stands. (Where the event goes back, that only looks.)"""
    request, answer = asked.request, asked.answer

    def act(diary: Diary) -> Diary | None:
        to = Time(epoch(request["start"]), epoch(request["end"]))
        after = diary.moved(request["session_id"], to, asked.gap, by=asked.by)
        if after is None or answer is None:
            return after
        return after if after.shows_session(answer) else None

    return act


def follow(asked: Asked, versions: Mapping[str, int]) -> Act:
    """The session went to where its coach dragged its event, and nobody asked: `versions`, what its
    bookings became by that.
    """
    request = asked.request
    to = Time(request["start"], request["end"])

    def act(diary: Diary) -> Diary | None:
        after = diary.moved(request["session_id"], to, asked.gap, by=asked.by)
        if after is None:
            return None
        known = {name: after.seats[name].version for name in versions if name in after.seats}
        return after if known == versions else None

    return act


_ACTS: Mapping[str, Callable[[Asked], Act]] = {
    "book": book,
    "move": move,
    "cancel": cancel,
    "leave": cancel,
    "hold": hold,
    "release": release,
    "make_pod": make_pod,
    "join": join,
    "call_off": call_off,
    "settle": settle,
}


def _wanted(request: Row) -> Time:
    start = epoch(request["start"])
    return Time(start, start + 60 * int(request["duration"]))


def _shown(answer: Mapping[str, Any]) -> Time:
    return Time(epoch(answer["start"]), epoch(answer["end"]))


def _standing(diary: Diary, request: Row) -> Seat | None:
    """The booking, if it stands at the version that was expected."""
    seat = diary.seats.get(request["booking_id"])
    expected = request.get("version")
    if seat is None or seat.status != BOOKED or (expected is not None and expected != seat.version):
        return None
    return seat


def _counts(diary: Diary, answer: Mapping[str, Any]) -> bool:
    """Whether an answer counts the seats of its pod as the diary does."""
    pod = diary.pods.get(answer["session_id"])
    return pod is None or answer["pod"]["taken"] == pod.taken
