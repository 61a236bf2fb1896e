"""When a coach is away, travels, or has a public holiday, in the coach's resource."""

from dataclasses import replace
from typing import Any

from domain.absences import (
    NO_HOLIDAYS,
    PublicHolidays,
    away_json,
    away_of,
    holidays_json,
    trips_json,
    trips_of,
)
from domain.coaches import Coach
from storage.slots.absences import SessionInside
from webhooks.api.schemas.absences import SwitchedOn
from webhooks.api.schemas.requests import CoachIn
from webhooks.http.context import runtime
from webhooks.http.times import iso
from workers import public_holidays


def sent_of(body: CoachIn) -> dict[str, Any]:
    """The fields of a Coach that were sent. Raises Invalid."""
    sent: dict[str, Any] = {}
    if body.away is not None:
        sent["away"] = away_of([each.model_dump(by_alias=True) for each in body.away])
    if body.travel is not None:
        sent["trips"] = trips_of([each.model_dump() for each in body.travel])
    if "holidays" in body.model_fields_set:
        sent["holidays"] = _chosen(body.holidays)
    return sent


def changed(coach: Coach, sent: dict[str, Any], before: Coach | None) -> Coach:
    """The coach with what was sent, and with what is stored of what was not: a platform that knows
    nothing of it must not open a holiday that the coach has set.
    """
    stored = before or coach
    kept: dict[str, Any] = {
        "away": stored.away,
        "trips": stored.trips,
        "holidays": stored.holidays,
    }
    return replace(coach, **kept | sent)


def _chosen(sent: SwitchedOn | None) -> PublicHolidays:
    if sent is None:
        return NO_HOLIDAYS
    today = runtime().services.now().date()
    return public_holidays.choose(sent.country, sent.region, sent.names, today)


def fields(coach: Coach, inside: list[SessionInside]) -> dict[str, Any]:
    """Of a CoachOut."""
    holidays = holidays_json(coach.holidays)
    dates = []
    # Apart, so that what is read may be sent back.
    if holidays is not None:
        dates = holidays.pop("dates")
    return {
        "away": away_json(coach.away),
        "travel": trips_json(coach.trips),
        "holidays": holidays,
        "holiday_dates": dates,
        "absent_sessions": list(map(_session, inside)),
    }


def _session(inside: SessionInside) -> dict[str, Any]:
    session = inside.session
    rebook = [f"POST /v1/bookings/{seat.id}/rebook" for seat in inside.seats]
    if session.pod:
        rebook = [f"PATCH /v1/pods/{session.id}"]
    return {
        "session_id": session.id,
        "start": iso(session.starts),
        "end": iso(session.ends),
        "reason": inside.reason.name,
        "rebook": rebook,
    }
