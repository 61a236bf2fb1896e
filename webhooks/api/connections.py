"""A coach's calendar accounts over HTTP: which calendars block, and disconnecting."""

from collections.abc import Iterator
from contextlib import contextmanager

from storage.rows import connections, push_marks
from storage.rows.calendars import UnknownCalendar
from storage.transactions import coach_settings, target_calendars
from storage.transactions.target_calendars import ReadOnly
from webhooks.api.coaches import show
from webhooks.api.schemas.requests import CalendarsIn
from webhooks.api.schemas.responses import Accepted, CoachOut
from webhooks.http import after_change
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest


def put_calendars(coach_id: str, connection_id: str, body: CalendarsIn) -> CoachOut:
    """Choose which calendars of a connection block (those not named do not), and which one receives
    sessions.
    """
    now = runtime().services.now()
    with runtime().services.database.write() as tx:
        _check(connections.coach_of(tx, connection_id), coach_id)
        with _refusing("calendars", coach_id):
            met = coach_settings.choose_calendars(
                tx, coach_id, connection_id, body.calendars, now=now
            )
        # Null is an answer here, and not the same as none.
        if "receives" in body.model_fields_set:
            with _refusing("receives", coach_id):
                target_calendars.receive(tx, coach_id, body.receives, of=connection_id, now=now)
    after_change.follow(coach_id, conflicts=met)
    return show(coach_id)


@contextmanager
def _refusing(field: str, coach_id: str) -> Iterator[None]:
    """What cannot be chosen is refused, by the field that names it."""
    try:
        yield
    except UnknownCalendar as error:
        detail = (
            f"{error} is no calendar of this connection: GET /v1/coaches/{coach_id} lists them."
        )
        raise RefusedRequest("unknown_calendar", detail, field=field) from None
    except ReadOnly:
        detail = (
            "This calendar takes no events: choose one that is not read-only, or null for"
            " the main one."
        )
        raise RefusedRequest("calendar_read_only", detail, field=field) from None


def disconnect(coach_id: str, connection_id: str) -> tuple[Accepted, int]:
    """Disconnect a calendar account.

    Its access is revoked at Cronofy, and all that came from it erased, by a worker that is woken
    now. Until then its busy times still close slots.
    """
    runtime_ = runtime()
    with runtime_.services.database.write() as tx:
        _check(connections.coach_of(tx, connection_id), coach_id)
        push_marks.mark_dirty(tx, connection_id, erase=True)
    runtime_.actors.wake(connection_id)
    return Accepted(status="accepted"), 202


def _check(owner: str | None, coach_id: str) -> None:
    if owner != coach_id:
        detail = f"This coach has no such connection: GET /v1/coaches/{coach_id} lists them."
        raise RefusedRequest("unknown_connection", detail, field="connection_id")
