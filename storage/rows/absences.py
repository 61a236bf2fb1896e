"""When coaches are not there, or elsewhere, as columns of their row; null where there is nothing:
nearly no coach is away, and every read of one passes here.
"""

from typing import Any

from sqlalchemy import Row

from domain.absences import (
    PublicHolidays,
    away_json,
    away_of,
    dates_of,
    holidays_json,
    trips_json,
    trips_of,
)
from domain.coaches import Coach


def columns(coach: Coach) -> dict[str, Any]:
    return {
        "away": away_json(coach.away) or None,
        "travel": trips_json(coach.trips) or None,
        "holidays": holidays_json(coach.holidays),
    }


def of_row(row: Row[Any]) -> dict[str, Any]:
    """The fields of a Coach."""
    found: dict[str, Any] = {}
    if row.away is not None:
        found["away"] = away_of(row.away)
    if row.travel is not None:
        found["trips"] = trips_of(row.travel)
    if row.holidays is not None:
        found["holidays"] = _holidays_of(row.holidays)
    return found


def _holidays_of(stored: dict[str, Any]) -> PublicHolidays:
    dates = dates_of(stored["dates"], "holidays.dates")
    return PublicHolidays(stored["country"], stored["region"], tuple(stored["names"]), dates)
