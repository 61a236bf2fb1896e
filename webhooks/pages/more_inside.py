"""Sessions that lie where their coach is away or has a holiday, on "More settings". Nothing moves
them but the coach, who may go on from here to where that is done.
"""

from dataclasses import dataclass

from domain.coaches import Coach
from storage.schema.database import Tx
from storage.slots.absences import SessionInside, sessions_inside
from webhooks.http.context import runtime
from webhooks.http.page_sessions import reader
from webhooks.pages import formats


@dataclass(frozen=True, slots=True)
class Told:
    """A session as the page tells it. `booking_id`: of a 1:1 session."""

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
    names = [seat.participant.name for seat in inside.seats]
    return Told(when, session.title or ", ".join(names), booking_id)
