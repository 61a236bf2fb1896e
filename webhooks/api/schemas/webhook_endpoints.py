"""Webhook endpoints, in and out, typed, as OpenAPI tells them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from domain.event_versions import NEWEST, Version
from domain.events import CATALOGUE
from domain.webhook_endpoints import EndpointState
from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.events import EventType
from webhooks.api.schemas.requests import Body
from webhooks.api.schemas.responses import Instant

MOST_IDS = 200
MOST_URL = 2_000
Url = Annotated[
    str,
    Field(
        max_length=MOST_URL,
        description="https; http where coachcal itself runs on a laptop.",
        examples=["https://platform.example/webhooks"],
    ),
]
Types = Annotated[list[EventType], Field(min_length=1, max_length=len(CATALOGUE))]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_IDS)]


class EndpointIn(Body):
    url: Url
    types: Types | None = Field(None, description="Of these types alone.")
    coach_ids: Ids | None = Field(None, description="Of these coaches alone.")
    company_ids: Ids | None = Field(
        None, description="Of the sessions of these companies alone; then of no coach's calendar."
    )
    version: Version = Field(NEWEST, description="The form of `data`, by its date.")


class EndpointChange(Body):
    """What is absent stays; null: of all."""

    url: Url | None = None
    types: Types | None = None
    coach_ids: Ids | None = None
    company_ids: Ids | None = None
    version: Version | None = None
    state: Literal["on", "paused"] | None = Field(
        None,
        description=(
            "`paused`: what happens waits until it is `on`. `on` again after it was switched off:"
            " what was not taken is sent, too."
        ),
    )


class RotateIn(Body):
    overlap_hours: int = Field(
        24, ge=0, le=168, description="So long the secret before signs, too."
    )


class ReplayIn(Body):
    """One of the three."""

    event_id: Id | None = Field(None, description="This event, if it was owed to this endpoint.")
    since: str | None = Field(
        None,
        max_length=40,
        description=(
            "All that happened from then on, in the last 90 days. Not for the endpoint of the"
            " settings: read `GET /v1/events` instead."
        ),
    )
    dead: bool = Field(default=False, description="All that was given up.")


class EndpointOut(BaseModel):
    id: str
    url: str
    types: list[str] | None
    coach_ids: list[str] | None
    company_ids: list[str] | None
    version: Version
    state: EndpointState = Field(description="`off`: by itself, once nothing was taken for days.")
    failing_since: Instant | None = Field(description="Nothing was taken since then.")
    of_settings: bool = Field(
        description="It is the one of COACHCAL_CALLBACK_URL, and changes with that alone."
    )
    waiting: int = Field(description="Callbacks that are on their way, or tried again.")
    dead: int = Field(description="Callbacks that were given up.")
    created_at: Instant


class NewEndpointOut(EndpointOut):
    secret: str = Field(description="Signs what is posted there. Told only now.")


class EndpointsOut(BaseModel):
    endpoints: list[EndpointOut]


class SecretOut(BaseModel):
    secret: str = Field(description="Signs from now on. Told only now.")
    old_until: Instant = Field(description="Until then the one before signs, too.")


class TestSentOut(BaseModel):
    event_id: str


class ReplayOut(BaseModel):
    events: int = Field(description="How many at most are sent again, in the coming minutes.")


class AttemptOut(BaseModel):
    event_id: str
    type: str
    at: Instant
    status: int | None = Field(description="null: nobody answered in time.")
    duration_ms: int


class AttemptsOut(BaseModel):
    attempts: list[AttemptOut] = Field(description="The latest first, of two weeks at most.")
