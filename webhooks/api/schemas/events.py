"""The feed, in and out, typed, as OpenAPI tells it."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from domain.event_versions import Version
from domain.events import CATALOGUE
from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.requests import MOST_COACHES, QueryIn, listed
from webhooks.api.schemas.responses import Instant

MOST_EVENTS = 1_000
After = Annotated[
    str | None,
    Field(
        max_length=40,
        description=(
            "`next` of the answer before. `end`: nothing, but where the feed ends now. Absent: from"
            " the beginning."
        ),
    ),
]
BEHIND = "Send it as `after` to read on behind this one."
Limit = Annotated[int, Field(ge=1, le=MOST_EVENTS)]
if TYPE_CHECKING:
    EventType = str
else:
    EventType = Literal[tuple(CATALOGUE)]


class SlotChangesQuery(QueryIn):
    after: After = None
    limit: Limit = 500


class EventsQuery(QueryIn):
    after: After = None
    limit: Limit = 100
    type: Annotated[list[EventType], BeforeValidator(listed)] = Field(
        default=[], max_length=len(CATALOGUE), description="These alone; repeat it for several."
    )
    coach_id: Annotated[list[Id], BeforeValidator(listed)] = Field(
        default=[],
        max_length=MOST_COACHES,
        description="Of these coaches alone; repeat it for several.",
    )
    version: Version | None = Field(
        None,
        description="The form of `data`, by its date. Absent: that of `Coachcal-Version`, or else"
        " the newest.",
    )


class FeedEventOut(BaseModel):
    id: str = Field(description="The `webhook-id` under which it is posted, too.")
    type: str
    timestamp: Instant
    data: dict[str, Any] = Field(description="Ids, times and versions, as `webhooks` tells them.")
    next: str = Field(description=BEHIND)


class EventsOut(BaseModel):
    version: Version
    events: list[FeedEventOut]
    next: str = Field(description="Send it as `after` to read on.")
    more: bool = Field(description="Whether there is more just now.")


class SlotChange(BaseModel):
    coach_id: str
    version: int = Field(description="Of the coach's open times, as GET .../slots says it.")
    changed_at: Instant
    next: str = Field(description=BEHIND)


class SlotChangesOut(BaseModel):
    changes: list[SlotChange]
    next: str = Field(description="Send it as `after` to read on.")
    more: bool = Field(description="Whether there is more just now.")
