"""Sessions that lie where their coach is away or has a holiday, on "More settings". Nothing moves
them but the coach, who may go on from here to the page where that is done.
"""

import re
import secrets
from dataclasses import dataclass, replace

from flask import Response, abort, request

from domain.coaches import ID, Coach
from storage.rows import bookings, coaches, links
from storage.rows.links import Link
from storage.schema.database import Tx
from storage.slots.absences import SessionInside, sessions_inside
from webhooks.api.links import MOST_COOKIE, VALID
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import SESSIONS, Guest, guest, keep, reader
from webhooks.http.permissions import May
from webhooks.pages import formats
from webhooks.pages.settings import HOME


@dataclass(frozen=True, slots=True)
class Told:
    """A session as the page tells it. `who`: empty where whoever looks may not know it.
    `booking_id`: of a 1:1 session.
    """

    when: str
    who: str
    booking_id: str | None


def inside(tx: Tx, coach: Coach, reason: str) -> list[Told]:
    found = sessions_inside(tx, coach, now=runtime().services.now())
    return [_told(coach, each) for each in found if each.reason.name == reason]


def _told(coach: Coach, inside: SessionInside) -> Told:
    session = inside.session
    when = formats.when(session.starts, session.ends, coach.hours.zone, reader())
    booking_id = None
    if inside.seats and not session.pod:
        booking_id = inside.seats[0].id
    who = ""
    if guest().may(May.see_people):
        names = [seat.participant.name for seat in inside.seats]
        who = session.title or ", ".join(names)
    return Told(when, who, booking_id)


def more_settings_move() -> Response:
    """POST /settings/more/move: to the booking, as its coach sees it, who moves it there or not.

    Only where whoever made this visit's link could let a coach in there: then its guest is one.
    """
    booking_id = request.form.get("booking", "")
    if not guest().may(May.run_sessions) or not re.fullmatch(ID, booking_id):
        abort(404, "not_here")
    services, token = runtime().services, secrets.token_urlsafe(24)
    with services.database.write() as tx:
        keep(tx)
        invited = _invited(tx, booking_id)
        made = Link(
            invited.coach_id, invited.participant_id, invited.as_json(), services.now() + VALID
        )
        links.make(tx, token, "page", made)
    return see(f"/p/{token}")


def _invited(tx: Tx, booking_id: str) -> Guest:
    """Raises Unknown."""
    booking, here = bookings.get(tx, booking_id), guest()
    coach = coaches.get(tx, here.coach_id)
    if coach is None or bookings.coach_of(tx, booking_id) != coach.id:
        abort(404, "not_here")
    invited = replace(
        here,
        purpose="booking",
        participant=booking.participant,
        context=booking.context,
        booking_id=booking_id,
        zone=coach.hours.zone,
        csrf="",
        until=0,
    )
    # A long way back would make the cookie too long, together with a long name.
    if len(SESSIONS.value(invited)) > MOST_COOKIE:
        return replace(invited, return_url=None)
    return invited


ROUTES = (("POST", f"{HOME}/more/move", more_settings_move),)
