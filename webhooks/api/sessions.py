"""Sessions over HTTP: what a coach has in a range of days, and what became of it."""

from flask import Response

from domain.sessions import Terms
from storage.rows import bookings, coaches, event_differences, sessions
from storage.schema.database import Tx
from storage.transactions import attendance, event_settling
from webhooks.api.schemas.booking_requests import AttendanceIn, SessionsQuery, SettleIn
from webhooks.api.schemas.booking_responses import (
    SessionsOut,
    coach_session_out,
    session_out,
)
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.problems import unknown_coach
from webhooks.http.times import between, check_zone, iso


def show(query: SessionsQuery) -> SessionsOut:
    """A coach's sessions and pods that lie in the range, those called off too."""
    services = runtime().services
    since, until = between(query.since, query.until, check_zone("tz", query.tz))
    with services.database.read() as tx:
        if coaches.get(tx, query.coach_id) is None:
            raise unknown_coach(query.coach_id)
        found = sessions.of_coach(tx, query.coach_id, since, until)
        # One question for the seats of all of them: a month has hundreds of sessions.
        seats = bookings.of_sessions(tx, [session.id for session in found])
        changed = {each.session_id: each for each in event_differences.of_coach(tx, query.coach_id)}
    now = services.now()
    shown = []
    for session in found:
        change = changed.get(session.id)
        shown.append(coach_session_out(session, seats[session.id], change, now))
    # By a dictionary, since `from` is no name that Python takes as an argument.
    fields = {
        "coach_id": query.coach_id,
        "tz": query.tz,
        "from": iso(since),
        "to": iso(until),
        "sessions": shown,
    }
    return SessionsOut.model_validate(fields)


def settle_event(session_id: str, body: SettleIn) -> Response:
    """Settle what a coach did to a session's event in their calendar: the event goes back, or the
    session goes where it stands.

    `event` of the session in GET /v1/sessions tells of it. It is settled once, whoever asks first.
    """
    require_key()

    def work(tx: Tx, terms: Terms) -> WriteResult:
        wake = event_settling.settle(tx, session_id, body.to, terms, token=body.token)
        session = sessions.get(tx, session_id)
        seats = bookings.of_session(tx, session_id)
        return WriteResult(session_out(session, seats, terms.now), 200, wake)

    return once(work)


def report_attendance(session_id: str, body: AttendanceIn) -> Response:
    """Say what became of a session that has begun: completed, or missed by a participant, who is
    mailed so.
    """
    require_key()

    def work(tx: Tx, terms: Terms) -> WriteResult:
        made = attendance.report(
            tx, session_id, body.status, terms, participant_id=body.participant_id
        )
        return WriteResult(session_out(made.pod, made.seats, terms.now), 200, made.wake)

    return once(work)
