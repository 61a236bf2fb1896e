"""What happened to a booking or a group, as its coach sees it: what, when, and through whom.

Less than ops see: no id, no client's name, no request, no message, and the names of those alone who
have a seat. Of a booking in a group only what happened while it was in it, and of other coaches
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.sessions import Booking, Session
from storage.reports import timelines
from storage.reports.timelines import TimelineEntry
from storage.rows.history import HistoryRow
from storage.schema.database import Tx
from webhooks.http.page_sessions import guest
from webhooks.http.permissions import May

MOST = 50
GIVEN_UP = ("cancelled", "missed")
ENDS = (*GIVEN_UP, "completed")
BY = {
    "participant": "book_by_participant",
    "coach": "book_by_coach",
    "manager": "book_by_programme",
    "api": "book_by_programme",
    "import": "book_by_programme",
    "command": "book_by_programme",
    "ops": "book_by_support",
    "calendar": "book_by_calendar",
}
"""By viewer of a page, or else by door; what we did by ourselves is nobody's."""


@dataclass(frozen=True, slots=True)
class Happened:
    """`at`, `was`: epoch seconds; `was`: when it began before it was moved. `says`, `by`: keys of
    texts; no `by`: nobody's. `whose`: in a group the name of who has the seat; empty for who left.
    """

    at: int
    says: str
    by: str = ""
    was: int | None = None
    whose: str | None = None


def of(tx: Tx, booking: Booking) -> list[Happened]:
    """The newest first; nothing for who may not see it."""
    if not guest().may(May.see_history):
        return []
    steps = _ours(timelines.of_booking(tx, booking.id))
    return _newest(_while_in_it(steps, booking))


def of_group(tx: Tx, pod: Session, seated: Sequence[Booking]) -> list[Happened]:
    """The same of a group and its seats."""
    if not guest().may(May.see_history):
        return []
    names = {each.id: each.participant.name for each in seated}
    return _newest(_ours(timelines.of_session(tx, pod.id)), names)


def _ours(entries: Sequence[TimelineEntry]) -> list[HistoryRow]:
    here, steps = guest().coach_id, []
    for entry in entries:
        if entry.step is not None and entry.step.coach_id == here:
            steps.append(entry.step)
    return steps


def _newest(steps: Sequence[HistoryRow], names: Mapping[str, str] | None = None) -> list[Happened]:
    """`names`: of those who have a seat in a group, by booking."""
    found: list[Happened] = []
    for step in sorted(steps, key=lambda step: -step.number):
        told = _told(step)
        if told is None:
            continue
        if names is not None and step.booking_id is not None:
            told = replace(told, whose=names.get(step.booking_id, ""))
        found.append(told)
    return found[:MOST]


def _while_in_it(steps: Sequence[HistoryRow], booking: Booking) -> list[HistoryRow]:
    """Without what happened in a session before this seat was taken in it, or after it was left or
    given up.
    """
    # What was booked before a history was kept has no such step: it was in its session all along.
    place: str | None = booking.session_id
    if any(step.what in ("booked", "seat_moved") for step in steps if step.booking_id):
        place = None
    found = []
    for step in sorted(steps, key=lambda step: step.number):
        if step.booking_id is not None:
            place = step.session_id
        if step.session_id == place:
            found.append(step)
        if step.booking_id is not None and step.what in GIVEN_UP:
            place = None
    return found


def _told(step: HistoryRow) -> Happened | None:
    says, was = _says(step), None
    if says is None:
        return None
    if says == "book_history_moved":
        was = int(step.before["start"] or 0)
    by = ""
    if step.what != "answered":
        whose = step.name if step.door == "page" else step.door
        by = BY.get(whose or "", "")
    return Happened(int(step.at.timestamp()), says, by, was)


def _says(step: HistoryRow) -> str | None:
    """The key of its text; None for what a coach has no use for."""
    if step.what == "booked":
        return "book_is_booked"
    if step.booking_id is not None and step.what in ENDS:
        return f"book_is_{step.what}"
    if step.what == "moved" and "start" in step.before:
        return "book_history_moved"
    if step.what == "seat_moved":
        return "book_history_group"
    if step.what == "place_changed":
        return "book_history_place"
    if step.what == "answered" and step.after.get("answer"):
        return f"book_answer_{step.after['answer']}"
    return None
