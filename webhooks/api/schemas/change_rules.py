"""What comes in and goes out about what changes of bookings cost."""

from typing import Annotated

from pydantic import BaseModel, Field

from domain.mail.choice import Scope
from webhooks.api.schemas.requests import Body

LateHours = Annotated[
    int | None,
    Field(
        ge=0,
        le=336,
        description="A change closer to the start than this counts as missed; 0: none does.",
        examples=[48],
    ),
]
FreeMoves = Annotated[
    int | None,
    Field(
        ge=0,
        le=1000,
        description="Late moves of one participant that count as nothing; none by default.",
        examples=[1],
    ),
]
MostRebookings = Annotated[
    int | None,
    Field(
        ge=0,
        le=1000,
        description="How often one participant may move bookings; any number by default.",
        examples=[3],
    ),
]
MostMissed = Annotated[
    int | None,
    Field(
        ge=1,
        le=1000,
        description="Who missed so many sessions books no more by themselves; no limit by default.",
        examples=[2],
    ),
]


class ChangeRulesIn(Body):
    """All that is set here; what is null, or left out, is as the wider scope has it."""

    late_hours: LateHours = None
    free_moves: FreeMoves = None
    most_rebookings: MostRebookings = None
    most_missed: MostMissed = None


class ChangeRulesOut(BaseModel):
    scope: Scope
    scope_id: str
    late_hours: LateHours
    free_moves: FreeMoves
    most_rebookings: MostRebookings
    most_missed: MostMissed
