"""Sessions over HTTP: what a coach has in a range of days, and what became of it."""

from flask import Response

from domain.sessions import Terms
from storage.rows import bookings, coaches, event_differences, sessions
from storage.schema.database import Tx
from storage.transactions import attendance, event_settling
from webhooks.api.list_pages import answer, kind_asked
from webhooks.api.schemas.booking_requests import AttendanceIn, SettleIn
from webhooks.api.schemas.booking_responses import coach_session_out, session_out
from webhooks.api.schemas.lists import SessionsOut, SessionsQuery
from webhooks.api.session_lists import SESSIONS
from webhooks.http.context import runtime
from webhooks.http.deprecated import deprecate
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.problems import unknown_coach
from webhooks.http.requests import JSON
from webhooks.http.times import between, check_zone, iso

OLD_FORM = {"coach_id", "since", "until", "tz"}


def show(query: SessionsQuery) -> SessionsOut | Response:
    """Sessions and pods, those called off too, with everyone who has or had a seat.

    Each filter that is sent has to hold; `company`, `project`, `cohort` and `programme_name` are
    the session's own. Deprecated: with `coach_id`, `from` and `to`, and without `limit`, the answer
    holds all that lie in the range, those too that began before it.
    """
    if query.coach_id is None or query.since is None or query.until is None:
        return answer(SESSIONS, query)
    # The old form knows no streams, and a stream takes no `limit` that would tell the two apart.
    if not query.model_fields_set <= OLD_FORM or kind_asked() != JSON:
        return answer(SESSIONS, query)
    deprecate()
    return _within(query.coach_id, query.since, query.until, query.tz)


def _within(coach_id: str, first: str, last: str, tz: str) -> SessionsOut:
    services = runtime().services
    since, until = between(first, last, check_zone("tz", tz))
    with services.database.read() as tx:
        if coaches.get(tx, coach_id) is None:
            raise unknown_coach(coach_id)
        found = sessions.of_coach(tx, coach_id, since, until)
        # One question for the seats of all of them: a month has hundreds of sessions.
        seats = bookings.of_sessions(tx, [session.id for session in found])
        changed = {each.session_id: each for each in event_differences.of_coach(tx, coach_id)}
    now = services.now()
    shown = []
    for session in found:
        change = changed.get(session.id)
        shown.append(coach_session_out(session, seats[session.id], change, now))
    # By a dictionary, since `from` is no name that Python takes as an argument.
    fields = {
        "coach_id": coach_id,
        "tz": tz,
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
