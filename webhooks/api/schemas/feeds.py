"""Calendar feeds, in and out, typed, as OpenAPI tells them."""

from pydantic import BaseModel, Field

from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.requests import Body, Language
from webhooks.api.schemas.responses import Instant


class FeedIn(Body):
    """Whose sessions: send either coach_id or participant_id."""

    coach_id: Id | None = None
    participant_id: Id | None = None
    language: Language = Field(
        "en", description="Of what sessions without a title of their own are called."
    )


class FeedsQuery(Body):
    """Whose feeds: either of the two."""

    coach_id: Id | None = None
    participant_id: Id | None = None


class FeedOut(BaseModel):
    id: str = Field(description="What it is revoked by; it opens nothing.")
    coach_id: str | None
    participant_id: str | None
    language: str
    created_at: Instant


class NewFeedOut(FeedOut):
    """The only time that its address is told: it is kept nowhere."""

    url: str = Field(
        description="For one person: whoever has it sees their sessions. Do not log it."
    )
    webcal_url: str = Field(description="The same, as calendar programs subscribe to it.")


class FeedsOut(BaseModel):
    feeds: list[FeedOut] = Field(description="The oldest first.")
