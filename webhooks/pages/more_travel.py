"""Where a coach works on some dates, on "More settings"."""

from dataclasses import replace
from datetime import date
from operator import attrgetter

from domain.absences import MOST_TRIPS, trips_of
from domain.coaches import Coach
from domain.errors import Invalid
from domain.trips import Trip
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange
from webhooks.http.page_sessions import language
from webhooks.pages import zones
from webhooks.pages.more_rows import KEPT, Row, filled, here_and_now, newest, spared, store
from webhooks.pages.more_sections import Form, Section, Sent, Values

FIELDS = ("first", "last", "zone")


def shown(_tx: Tx, coach: Coach, typed: Form | None) -> Values:
    """Those that are over are not shown."""
    if typed is not None:
        rows = filled(typed, FIELDS, MOST_TRIPS)
    else:
        rows = list(map(_row, _coming(coach)))
    return {"rows": spared(rows, FIELDS), "zone": coach.hours.zone}


def save(tx: Tx, sent: Sent) -> CoachChange:
    asked = []
    for place, row in enumerate(filled(sent.form, FIELDS, MOST_TRIPS)):
        asked.append(_range(row, f"travel[{place}]"))
    trips = trips_of(asked)

    def change(coach: Coach) -> Coach:
        past = newest(_past(coach, trips), MOST_TRIPS, trips)
        return replace(coach, trips=tuple(sorted((*past, *trips), key=attrgetter("first"))))

    return store(tx, sent, change)


def _today(coach: Coach) -> date:
    return here_and_now(coach).date()


def _coming(coach: Coach) -> list[Trip]:
    today = _today(coach)
    return [trip for trip in coach.trips if trip.last >= today]


def _past(coach: Coach, trips: tuple[Trip, ...]) -> list[Trip]:
    """Of those that are over and not shown, what is kept: but none that a new one overlaps."""
    today = _today(coach)
    found = []
    for trip in coach.trips:
        apart = all(new.first > trip.last or new.last < trip.first for new in trips)
        if today - KEPT < trip.last < today and apart:
            found.append(trip)
    return found


def _row(trip: Trip) -> Row:
    return trip.first.isoformat(), trip.last.isoformat(), trip.zone


def _range(row: Row, path: str) -> dict[str, str]:
    """As `trips_of` takes it. Without a last day it is the first one."""
    first, last, place = row
    try:
        zone = zones.understood(place, language())
    except Invalid as error:
        raise Invalid(f"{path}.zone", error.code, error.detail) from None
    return {"first": first, "last": last or first, "zone": zone}


SECTION = Section("travel", shown, save)
