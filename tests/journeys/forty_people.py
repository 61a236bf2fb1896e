"""Who lives through the forty days: coaches with their hours, zones and calendars."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from domain.absences import PublicHolidays, away_of, trips_of
from domain.coaches import Coach
from domain.hours import Hours
from tests.support import people
from tests.support.in_process import Connected

NIGHTS = {day: [["20:00", "02:00"]] for day in ("sun", "mon", "tue", "wed", "thu")}
WEEK = {
    day: [["08:00", "12:00"], ["13:00", "18:30"]] for day in ("mon", "tue", "wed", "thu", "sat")
}
HOLIDAYS = (date(2026, 10, 12), date(2026, 11, 11))
PEOPLE = (
    replace(people.MAILED, id="ada", email="ada@example.test"),
    replace(
        people.MAILED,
        id="ben",
        name="Ben",
        email="ben@example.test",
        hours=Hours.parse("America/New_York", WEEK, {"2026-11-01": [["00:30", "03:30"]]}),
        mode="back_to_back",
        durations=(45,),
        pre=0,
        notice=120,
        horizon_days=21,
        tentative_blocks=False,
        away=away_of([{"from": "2026-10-14T10:00", "to": "2026-10-16T09:00"}]),
        # Over the end of summer time at home; and what the roll finds of another year is added.
        trips=trips_of([{"first": "2026-10-23", "last": "2026-11-02", "zone": "Asia/Tokyo"}]),
        holidays=PublicHolidays("US", "", ("Columbus Day", "Veterans Day"), HOLIDAYS),
    ),
    replace(
        people.MAILED,
        id="cleo",
        name="Cleo",
        email="cleo@example.test",
        hours=Hours.parse("Africa/Cairo", NIGHTS, {"2026-11-05": []}),
        post=30,
        per_day=3,
        durations=(60,),
        # Into the hour that comes twice
        away=away_of([{"from": "2026-10-29T21:15", "to": "2026-10-29T23:30"}]),
    ),
)


@dataclass
class Life:
    """A coach, their account, and what they remember of what they did."""

    coach: Coach
    connected: Connected
    events: list[str] = field(default_factory=list)
    booked: dict[str, tuple[int, int]] = field(default_factory=dict)
    called_off: set[str] = field(default_factory=set)
    lost: list[tuple[datetime, datetime]] = field(default_factory=list)
    """From when to when the product knew that only the coach could mend it."""
    untold: bool = False
    """Something was changed, or may be, that no push tells."""

    told_all: bool = False
    """Everything that was to go wrong went wrong."""

    @property
    def id(self) -> str:
        return self.coach.id
