"""What happened to a booking, a session or a coach's sessions, and in a request: ids, times and
states alone. Why something was forced is a sentence about a person: the API and the command tell
it.
"""

from typing import Any

from flask import abort, render_template

from domain.sessions import Unknown
from storage.reports import timelines
from storage.reports.timelines import TimelineEntry
from storage.rows import history
from storage.rows.history import HistoryRow
from webhooks.api.schemas.history import kept_out
from webhooks.http.context import runtime

NEWEST = 200
GONE = "Nothing has this id: it was erased with its coach, or never was."


def booking_history(booking_id: str) -> str:
    """GET /ops/bookings/{id}"""
    with runtime().services.database.read() as tx:
        try:
            found = timelines.of_booking(tx, booking_id)
        except Unknown:
            abort(404, GONE)
    return _page("Booking", booking_id, found)


def session_history(session_id: str) -> str:
    """GET /ops/sessions/{id}: of a hold, too."""
    with runtime().services.database.read() as tx:
        if not history.knows_session(tx, session_id):
            abort(404, GONE)
        found = timelines.of_session(tx, session_id)
    return _page("Session", session_id, found)


def coach_history(coach_id: str) -> str:
    """GET /ops/coaches/{id}/history: the newest."""
    with runtime().services.database.read() as tx:
        found = history.of_coach(tx, coach_id, limit=NEWEST)
    return _page("Coach", coach_id, _entries(found))


def request_history(request_id: str) -> str:
    """GET /ops/requests/{id}: all that one request changed, and the jobs that it woke."""
    with runtime().services.database.read() as tx:
        found = history.of_request(tx, request_id, limit=NEWEST)
    if not found:
        abort(404, "No change is known of a request with this id.")
    return _page("Request", request_id, _entries(found))


def _entries(steps: list[HistoryRow]) -> list[TimelineEntry]:
    return [TimelineEntry(step.at, step=step) for step in steps]


def _page(what: str, its_id: str, entries: list[TimelineEntry]) -> str:
    rows = [(entry, _changes(entry)) for entry in entries]
    return render_template("ops/history.html", what=what, its_id=its_id, rows=rows)


def _changes(entry: TimelineEntry) -> list[tuple[str, Any, Any]]:
    """What was another: its name, before and after."""
    if entry.step is None:
        return []
    before, after = kept_out(entry.step.before), kept_out(entry.step.after)
    return [(name, before.get(name), value) for name, value in after.items()]
