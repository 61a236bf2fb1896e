"""What comes in about bookings, holds and pods: bodies and queries, typed, as OpenAPI
tells them.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.sessions import Format
from storage.transactions.event_settling import To
from webhooks.api.schemas.places import PlaceIn
from webhooks.api.schemas.requests import Body, Language, Line, Mail, Zone
from webhooks.api.schemas.rules import ruled
from webhooks.http import patterns
from webhooks.http.times import check_instant

MOST_SEATS = 200
BY_DEFAULT = "Where it is; absent: as the coach, or the programme, has it by default."

Id = Annotated[str, Field(pattern=patterns.ID, description="An id of Coach OS's, or of ours.")]
Start = Annotated[
    str,
    Field(
        max_length=40, description="An instant with an offset.", examples=["2026-06-01T09:00:00Z"]
    ),
    ruled(check_instant, ""),
]
Length = Annotated[int, Field(ge=5, le=480, description="Minutes; one that the coach offers.")]
Seats = Annotated[int, Field(ge=1, le=MOST_SEATS)]
Expected = Annotated[
    int | None,
    Field(
        ge=0,
        le=2**31,
        description="The version this change was made from; 409 if it is no longer that.",
    ),
]


class ParticipantIn(Body):
    """Whom the session is for, as mails address them."""

    id: Id
    name: Line = Field(min_length=1)
    email: Mail
    zone: Zone
    language: Language = "en"
    my_page_url: Annotated[str, Field(max_length=2000, pattern=patterns.PAGE_URL)] | None = Field(
        None, description="Where this participant sees and changes the booking."
    )


class ContextIn(Body):
    """Where in Coach OS the session belongs: it chooses the texts of the mails, and fills them."""

    company: Id | None = None
    project: Id | None = None
    cohort: Id | None = None
    programme_name: Line | None = None


class ForceIn(Body):
    """Book over busy time, outside hours, or while the participant is in another session; never
    over another session of the coach's, nor into the past. Needs a key with the scope
    bookings:force.
    """

    reason: Line = Field(min_length=1, description="Why; stored, and shown with the session.")


class BookingIn(Body):
    """Either a time with a coach (coach_id, start, duration) or a seat in a pod (pod_id)."""

    participant: ParticipantIn
    coach_id: Id | None = None
    start: Start | None = None
    duration: Length | None = None
    pod_id: Id | None = Field(None, description="Takes a seat in this pod instead.")
    hold_id: Id | None = Field(None, description="The hold that kept this time; it is used up.")
    context: ContextIn = Field(default_factory=ContextIn)
    place: PlaceIn | None = Field(None, description=BY_DEFAULT)
    force: ForceIn | None = None


class RebookIn(Body):
    """A new time of a 1:1 session, or another pod of a seat."""

    version: Expected = None
    start: Start | None = None
    duration: Length | None = Field(None, description="Minutes; as it was if absent.")
    pod_id: Id | None = Field(None, description="For a seat: the pod to move to.")
    hold_id: Id | None = None
    force: ForceIn | None = None
    excused: bool = Field(
        False,  # noqa: FBT003 (a default)
        description="Not counted, neither as missed, however late, nor as one of the rebookings"
        " that a programme allows; needs a key with the scope bookings:force.",
    )


class CancelIn(Body):
    version: Expected = None
    excused: bool = Field(
        False,  # noqa: FBT003 (a default)
        description="Not counted as missed, however late;"
        " needs a key with the scope bookings:force.",
    )


class HoldIn(Body):
    coach_id: Id
    start: Start
    duration: Length
    owner: Id = Field(description="Who fills the form: a participant's id, or a page's.")
    minutes: int = Field(10, ge=1, le=60, description="How long the time is kept.")


class PodIn(Body):
    """A small group's session at any open time of the coach."""

    coach_id: Id
    start: Start
    duration: Length
    min_seats: Seats
    max_seats: Seats
    format: Format = Field(
        "open",
        description="open, hybrid: may rebook; closed: assigned; hybrid_v2: locked to a group.",
    )
    group_id: Id | None = Field(
        None,
        description="Of a hybrid_v2 pod: the group that it is in, a name of yours. Whoever has a"
        " seat in the group gets one in this pod. If absent, a group of its own.",
    )
    deadline: Start | None = Field(
        None, description="Ops are told if fewer than min_seats are taken by then."
    )
    title: Line | None = None
    context: ContextIn = Field(default_factory=ContextIn)
    place: PlaceIn | None = Field(None, description=BY_DEFAULT)
    hold_id: Id | None = Field(None, description="The hold that kept this time; it is used up.")
    participants: list[ParticipantIn] = Field(
        default_factory=list, max_length=MOST_SEATS, description="Assigned now."
    )
    force: ForceIn | None = None


class PodChange(Body):
    """What is left out stays as it is."""

    version: Expected = None
    start: Start | None = None
    duration: Length | None = None
    min_seats: Seats | None = None
    max_seats: Seats | None = None
    format: Format | None = None
    deadline: Start | None = None
    title: Line | None = None
    group_id: Id | None = Field(
        None, description="Puts a hybrid_v2 pod, in which nobody is yet, into this group."
    )
    status: Literal["called_off", "disabled"] | None = Field(
        None,
        description="Calls the pod off: everybody in it is told. `disabled` is the old name.",
    )
    force: ForceIn | None = None


class SeatIn(Body):
    participant: ParticipantIn
    context: ContextIn = Field(default_factory=ContextIn)
    assigned: bool = Field(False, description="By the programme: closed and hybrid pods need it.")  # noqa: FBT003 (a default)
    force: ForceIn | None = None


class AttendanceIn(Body):
    status: Literal["completed", "missed"]
    participant_id: Id | None = Field(
        None, description="Of one who had a seat; everyone if absent."
    )


class SettleIn(Body):
    """Whose time counts, of a session whose event its coach changed in their calendar."""

    to: To = Field(
        description="`session`: the event is put back to where the session is. `calendar`: the"
        " session moves to where its event stands, if that time is open; everybody in it is mailed."
    )
    token: Annotated[str, Field(pattern=patterns.TOKEN)] | None = Field(
        None, description="Of the change that you saw; 409 if it is no longer that."
    )
