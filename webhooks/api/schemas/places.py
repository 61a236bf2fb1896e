"""What comes in and goes out about where sessions are."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.errors import wrong_by
from domain.mail.choice import Scope
from domain.places import KINDS, Kind, Place
from webhooks.api.schemas.rules import refuse
from webhooks.http import patterns

# Not `requests.Body`: what a coach sets holds a place, and is told there.
BODY = ConfigDict(extra="forbid", strict=True)
LONGEST_VALUE = 2000

Kinds = Annotated[
    list[Kind] | None,
    Field(max_length=len(KINDS), description="Those that may be chosen here; null: all."),
]


class PlaceIn(BaseModel):
    """Where a session is."""

    model_config = BODY

    kind: Kind = Field(
        description="conferencing: a video call whose link is assigned; url, platform: a link;"
        " phone; address."
    )
    value: Annotated[str, Field(max_length=LONGEST_VALUE, pattern=patterns.NO_NUL)] | None = Field(
        None,
        description="The link, number or address in one line; of conferencing default, integrated"
        " or a pro_... profile, default if absent.",
        examples=["https://meet.example.com/ada"],
    )

    @model_validator(mode="after")
    def _ruled(self) -> Self:
        refuse(wrong_by(Place, self.kind, self.value), "place")
        return self


class PlaceChange(BaseModel):
    model_config = BODY

    version: int | None = Field(
        None,
        ge=0,
        le=2**31,
        description="The session's version this change was made from; 409 if it is no longer that.",
    )
    place: PlaceIn | None = Field(
        description="null: where a new session would be held now, by everybody's defaults."
    )


class PlacesIn(BaseModel):
    """What a company, project or cohort says; what is null, or left out, it does not say."""

    model_config = BODY

    place: PlaceIn | None = Field(None, description="Where new sessions are by default.")
    kinds: Kinds = None


class PlaceOut(BaseModel):
    kind: Kind
    value: str | None = Field(examples=["default"])


class PlacesOut(BaseModel):
    scope: Scope
    scope_id: str
    place: PlaceOut | None
    kinds: list[Kind] | None
