"""Pods without a time: planned, and nobody's time is taken. Once an open time is chosen for one it
is a pod of the same id.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.errors import Invalid
from domain.places import Place
from domain.sessions import NO_CONTEXT, Context, Format, Participant, Refused


@dataclass(frozen=True, slots=True)
class PodShell:
    """`duration`: minutes. `coach_id`, `duration` None: said with the time."""

    id: str
    min_seats: int
    capacity: int
    format: Format
    created_at: datetime
    coach_id: str | None = None
    duration: int | None = None
    title: str | None = field(default=None, repr=False)
    context: Context = NO_CONTEXT
    group_id: str | None = None
    place: Place | None = None
    version: int = 1
    participants: tuple[Participant, ...] = ()

    def with_people(self, assigned: tuple[Participant, ...]) -> "PodShell":
        """Whoever is there already stays as they are."""
        people = {who.id: who for who in (*assigned, *self.participants)}
        return replace(self, participants=tuple(people.values()))

    def check(self) -> None:
        """Raises Invalid and Refused for what could be a pod at no time."""
        if self.min_seats > self.capacity:
            detail = (
                f"min_seats is {self.min_seats} and max_seats is {self.capacity}: swap or correct"
                " them."
            )
            raise Invalid("min_seats", "min_over_max", detail)
        if len(self.participants) > self.capacity:
            detail = (
                f"{len(self.participants)} people do not fit into {self.capacity} seats: send a"
                " larger max_seats."
            )
            raise Refused("seats_taken", detail, reason="full")


FIELDS = ("coach_id", "duration", "min_seats", "capacity", "format", "title", "group_id")


@dataclass(frozen=True, slots=True)
class CommonChanges:
    """What of many pods is to be the same; None stays. `place`: where each is held. `assigned`: who
    gets a seat in each.
    """

    coach_id: str | None = None
    duration: int | None = None
    min_seats: int | None = None
    capacity: int | None = None
    format: Format | None = None
    title: str | None = None
    group_id: str | None = None
    place: Place | None = None
    assigned: tuple[Participant, ...] = ()

    def fields(self) -> dict[str, Any]:
        """By name, what is to be another; place and people are another matter."""
        found = {}
        for name in FIELDS:
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        return found
