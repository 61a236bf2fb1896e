"""Who takes part: a few coaches whom everybody wants, few participants, and few times, so that
requests collide.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

COACHES = ("ada", "bea", "cleo", "dora")
CANARY = "wren"
"""A coach whom nobody but the prober books: what happens to her tells how the service is."""
PARTICIPANTS = 8
DURATION = 60
HORIZON_DAYS, CANARY_DAYS = 28, 90
POLICIES = {"ada": "ask", "bea": "restore", "cleo": "follow", "dora": "ask"}
"""What becomes of what a coach does to our event in her calendar."""
BY_VIDEO = ("bea", "dora")
"""Coaches whose sessions get a link from their calendar provider."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SOON, LATER = (8, 10, 15), tuple(range(48, 60))
"""Hours from the first full hour: sessions of less than a day ahead, and of the day
after tomorrow.
"""
EDITED = tuple(range(96, 168, 3))
"""Hours at which only calendars change: there a listing tells exactly when a change was seen."""


@dataclass(frozen=True)
class Coach:
    """`sub` and `calendar_id`: her account at the calendar provider's."""

    id: str
    sub: str
    calendar_id: str


@dataclass(frozen=True)
class Times:
    """Instants of this run. They do not move while it lasts."""

    first: datetime

    @classmethod
    def from_now(cls) -> "Times":
        return cls(
            datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        )

    def at(self, hours: int) -> datetime:
        return self.first + timedelta(hours=hours)


def text(moment: datetime) -> str:
    """As the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def participant(number: int | str) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "name": f"P {number}",
        "email": f"p{number}@example.test",
        "zone": "Europe/London",
    }


def settings_of(coach_id: str, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "name": coach_id.title(),
        "email": f"{coach_id}@example.test",
        "zone": "Europe/Berlin" if coach_id == "bea" else "UTC",
        "hours": {day: [["00:00", "24:00"]] for day in DAYS},
        "durations": [DURATION],
        "pre": 15,
        "post": 15,
        "horizon_days": CANARY_DAYS if coach_id == CANARY else HORIZON_DAYS,
    }
    if coach_id in POLICIES:
        settings["event_policy"] = POLICIES[coach_id]
    if coach_id in BY_VIDEO:
        settings["place"] = {"kind": "conferencing"}
    return settings | changes
