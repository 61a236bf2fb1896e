"""Where a coach works the hours of a date: at home, or elsewhere for a while."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Trip:
    """Dates, both of them included, on which a coach works the same hours in another zone."""

    first: date
    last: date
    zone: str


Trips = tuple[Trip, ...]
"""Sorted; no date is in two of them."""


def zone_on(zone: str, trips: Trips, day: date) -> str:
    """Where a coach of this zone is on a date."""
    for trip in trips:
        if trip.first <= day <= trip.last:
            return trip.zone
    return zone
