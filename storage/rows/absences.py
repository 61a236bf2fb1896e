"""When coaches are not there, or elsewhere, as columns of their row; null where there is nothing:
nearly no coach is away, and every read of one passes here.
"""

from typing import Any

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
from storage.schema.records import Values


def columns(coach: Coach) -> dict[str, Any]:
    return {
        "away": away_json(coach.away) or None,
        "travel": trips_json(coach.trips) or None,
        "holidays": holidays_json(coach.holidays),
    }


def of_row(values: Values) -> dict[str, Any]:
    """The fields of a Coach, by what stands in its row."""
    found: dict[str, Any] = {}
    if values["away"] is not None:
        found["away"] = away_of(values["away"])
    if values["travel"] is not None:
        found["trips"] = trips_of(values["travel"])
    if values["holidays"] is not None:
        found["holidays"] = _holidays_of(values["holidays"])
    return found


def _holidays_of(stored: dict[str, Any]) -> PublicHolidays:
    dates = dates_of(stored["dates"], "holidays.dates")
    return PublicHolidays(stored["country"], stored["region"], tuple(stored["names"]), dates)
