"""Finding by an id: a message, a booking, a session or hold, a coach, a participant, a request."""

import re

from flask import Response, abort, request, url_for

from domain.coaches import ID
from storage.reports import outbox
from storage.reports.personal_data import Person
from storage.rows import coaches, history
from storage.schema.database import Tx
from storage.transactions import erasures
from webhooks.http.context import runtime
from webhooks.http.page_security import see

NOTHING = (
    "No message, booking, session, hold, coach, participant or request has this id. The history of"
    " a request begins with what it changed."
)


def find() -> Response:
    """GET /ops/find: to the page of whatever has this id."""
    wanted = request.args.get("id", "").strip()
    with runtime().services.database.read() as tx:
        place = _place(tx, wanted)
    if place is None:
        abort(404, NOTHING)
    return see(place)


def _place(tx: Tx, wanted: str) -> str | None:
    if not re.fullmatch(ID, wanted):
        return None  # no database takes a NUL
    if outbox.find(tx, wanted) is not None:
        return url_for("ops.message", outbox_id=wanted)
    if history.knows_booking(tx, wanted):
        return url_for("ops.booking_history", booking_id=wanted)
    if history.knows_session(tx, wanted):
        return url_for("ops.session_history", session_id=wanted)
    if coaches.get(tx, wanted) is not None:
        return url_for("ops.coach", coach_id=wanted)
    if erasures.is_known(tx, Person("participant", wanted)):
        return url_for("ops.person", person_id=wanted)
    if history.of_request(tx, wanted, limit=1):
        return url_for("ops.request_history", request_id=wanted)
    return None
