"""What comes in and goes out about pods without a time, and about many pods at once."""

from typing import Annotated

from pydantic import BaseModel, Field

from domain.pod_shells import PodShell
from domain.sessions import Format
from webhooks.api.schemas.booking_requests import (
    BY_DEFAULT,
    MOST_SEATS,
    ContextIn,
    Expected,
    ForceIn,
    Id,
    Length,
    ParticipantIn,
    Seats,
    Start,
)
from webhooks.api.schemas.booking_responses import (
    ContextOut,
    ParticipantOut,
    SessionOut,
    place_out,
)
from webhooks.api.schemas.places import PlaceIn, PlaceOut
from webhooks.api.schemas.requests import Body, Line, QueryIn
from webhooks.api.schemas.responses import Instant
from webhooks.http.times import iso_or_none

MOST_AT_ONCE = 50
Assigned = Annotated[list[ParticipantIn], Field(max_length=MOST_SEATS)]


class ShellIn(Body):
    """A pod as it is planned: what is left out is said later, with its time at the latest."""

    coach_id: Id | None = None
    duration: Length | None = None
    min_seats: Seats
    max_seats: Seats
    format: Format = "open"
    group_id: Id | None = Field(None, description="Of a hybrid_v2 pod: the group it will be in.")
    title: Line | None = None
    context: ContextIn = Field(default_factory=ContextIn)
    place: PlaceIn | None = Field(None, description=BY_DEFAULT)
    participants: Assigned = Field(
        default_factory=list, description="Whoever gets a seat once it has a time."
    )


class ShellsIn(Body):
    shells: list[ShellIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ShellsQuery(QueryIn):
    """Of these only, where it says so."""

    coach_id: Id | None = None
    company: Id | None = None
    project: Id | None = None
    cohort: Id | None = None


class ShellTimeIn(Body):
    """The open time that was chosen, and how long it is, where that was not said before."""

    start: Start
    duration: Length | None = None
    version: Expected = None
    force: ForceIn | None = None


class PodsChange(Body):
    """The same for all of them; what is left out stays as it is in each."""

    pod_ids: list[Id] = Field(
        min_length=1, max_length=MOST_AT_ONCE, description="Pods with a time, and without."
    )
    coach_id: Id | None = Field(None, description="Only of those without a time.")
    duration: Length | None = None
    min_seats: Seats | None = None
    max_seats: Seats | None = None
    format: Format | None = None
    group_id: Id | None = None
    title: Line | None = None
    place: PlaceIn | None = Field(None, description="Where each is held; who has a seat is mailed.")
    assign: Assigned = Field(
        default_factory=list,
        description="Each gets a seat in each; whoever has one keeps it. At most 100 seats in all.",
    )


class ShellOut(BaseModel):
    """A pod without a time. Once it has one it is a pod with this id."""

    pod_id: str
    version: int
    coach_id: str | None
    duration: int | None = Field(description="Minutes.")
    min_seats: int
    max_seats: int
    format: Format
    group_id: str | None
    title: str | None
    context: ContextOut
    place: PlaceOut | None
    participants: list[ParticipantOut]
    created_at: Instant


class ShellsOut(BaseModel):
    shells: list[ShellOut]


class PodsOut(BaseModel):
    pods: list[SessionOut] = Field(description="Those with a time.")
    shells: list[ShellOut] = Field(description="Those without.")


def shell_out(shell: PodShell) -> ShellOut:
    people = []
    for who in shell.participants:
        people.append(ParticipantOut.model_validate(who, from_attributes=True))
    return ShellOut(
        pod_id=shell.id,
        version=shell.version,
        coach_id=shell.coach_id,
        duration=shell.duration,
        min_seats=shell.min_seats,
        max_seats=shell.capacity,
        format=shell.format,
        group_id=shell.group_id,
        title=shell.title,
        context=ContextOut.model_validate(shell.context, from_attributes=True),
        place=place_out(shell.place),
        participants=people,
        created_at=iso_or_none(shell.created_at) or "",
    )
