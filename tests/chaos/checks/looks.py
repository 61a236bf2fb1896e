"""What only looks: a booking that was shown, and refusals that the diary must explain."""

from collections.abc import Callable

from tests.chaos.checks.acts import Act, Asked
from tests.chaos.checks.diary import BOOKED, ENDED, Diary
from tests.chaos.evidence import Row


def read(asked: Asked) -> Act:
    """A booking was shown as it was at some moment between question and answer."""
    return lambda diary: diary if diary.shows(asked.request["booking_id"], asked.answer) else None


def put_back(asked: Asked) -> Act:
    """An event was put back to where its session is: that session was shown as it was then."""
    return lambda diary: diary if diary.shows_session(asked.answer) else None


def refusal(asked: Asked) -> Act | None:
    """None: a refusal that is always legal, because what closes a time, or settles what a coach did
    to an event, may lie outside of the diary.
    """
    if asked.kind == "settle":
        return None
    code, request = asked.answer.get("code"), asked.request
    tests: dict[str, Callable[[Diary], bool]] = {
        "stale_version": lambda diary: (
            _version(diary, request) == asked.answer["current"] != request["version"]
        ),
        "booking_ended": lambda diary: _status(diary, request) in (asked.answer["ended_as"], ENDED),
        "unknown_booking": lambda diary: request["booking_id"] not in diary.seats,
        "seats_full": lambda diary: _is_full(diary, request["pod_id"]),
        "pod_ended": lambda diary: (
            request["pod_id"] in diary.pods and not diary.pods[request["pod_id"]].active
        ),
        "unknown_hold": lambda diary: _is_over(diary, request["hold_id"], asked.by),
    }
    test = tests.get(str(code))
    if test is None or (
        code == "stale_version" and ("version" not in request or "booking_id" not in request)
    ):
        return None
    return lambda diary: diary if test(diary) else None


def _version(diary: Diary, request: Row) -> int | None:
    seat = diary.seats.get(request["booking_id"])
    return None if seat is None else seat.version


def _status(diary: Diary, request: Row) -> str | None:
    seat = diary.seats.get(request["booking_id"])
    return None if seat is None or seat.status == BOOKED else seat.status


def _is_full(diary: Diary, pod_id: str) -> bool:
    pod = diary.pods.get(pod_id)
    return pod is not None and pod.taken >= pod.capacity


def _is_over(diary: Diary, hold_id: str, by: float) -> bool:
    kept = diary.times.get(hold_id)
    return kept is None or (kept.expires is not None and kept.expires <= by)
