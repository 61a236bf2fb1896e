"""What lists are asked by, and how they answer: filters, a page's length, where it begins."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from domain.sessions import BookingStatus
from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.booking_responses import BookingOut, CoachSessionOut, SessionOut
from webhooks.api.schemas.requests import MOST_TEXT, QueryIn
from webhooks.api.schemas.responses import Instant
from webhooks.api.schemas.session_states import SaidStatus, kept_status
from webhooks.http import cursors, patterns

MOST, USUAL = 200, 100
MOMENT = "a date (its local midnight in `tz`) or an instant with an offset"
OVERLAP = (
    "It looks 15 seconds further back, for what was written just then: expect some of it twice. To"
    " follow each change, read `GET /v1/events`."
)

StatusFilter = Annotated[
    SaidStatus | None,
    AfterValidator(kept_status),
    Field(description="`disabled` is the old name of `called_off`."),
]
Moment = Annotated[str, Field(max_length=40, examples=["2026-06-01", "2026-06-01T09:00:00Z"])]
Filled = Annotated[str, Field(min_length=1, max_length=MOST_TEXT, pattern=patterns.NO_NUL)]
Next = Annotated[
    str | None,
    Field(description="Send it as `cursor` for the next page; null: this is the last one."),
]


class ListQuery(QueryIn):
    limit: int = Field(USUAL, ge=1, le=MOST, description="The most that a page holds.")
    cursor: str | None = Field(
        None,
        max_length=cursors.LONGEST,
        description="`next_cursor` of the page before, with the same filters; absent: the first.",
    )


class SessionsFilter(ListQuery):
    """Each filter that is sent has to hold."""

    coach_id: Id | None = None
    participant_id: Id | None = None
    company: Id | None = None
    project: Id | None = None
    cohort: Id | None = None
    programme_name: Filled | None = None
    since: Moment | None = Field(None, alias="from", description=f"The earliest start: {MOMENT}.")
    until: Moment | None = Field(None, alias="to", description="Exclusive, as `from`.")
    tz: str = Field("UTC", max_length=64, description="Zone of the dates in the query.")
    changed_since: Moment | None = Field(
        None,
        description=f"What changed since then, in the order in which it did: {MOMENT}. {OVERLAP}",
    )
    in_conflict: bool | None = Field(
        None, description="Whether an event in the coach's calendars lies over it."
    )
    short_of_seats: bool | None = Field(
        None, description="Whether it is a pod that had fewer than `min_seats` at its deadline."
    )
    held_mails: bool | None = Field(
        None,
        description="Whether a mail about it waits for its text to be corrected, or for an address"
        " that is withheld.",
    )
    moved: bool | None = Field(
        None,
        description="Whether newer time zone rules moved its local time: the coach's (`wall_moved`)"
        " or a participant's (`participant_wall_moved`).",
    )


class BookingsQuery(SessionsFilter):
    status: BookingStatus | None = None


class PodsQuery(SessionsFilter):
    status: StatusFilter = None


class SessionsQuery(SessionsFilter):
    status: StatusFilter = None


class BookingsOut(BaseModel):
    """In the order in which their sessions begin; with `changed_since`, in which they changed."""

    bookings: list[BookingOut]
    next_cursor: Next


class PodsListOut(BaseModel):
    """In the order in which they begin; with `changed_since`, in which they changed."""

    pods: list[SessionOut]
    next_cursor: Next


class SessionsOut(BaseModel):
    """In the order in which they begin; with `changed_since`, in which they changed."""

    sessions: list[CoachSessionOut]
    next_cursor: Next = None
    coach_id: str | None = Field(None, description="Of the old form, without `limit`, only.")
    tz: str | None = Field(None, description="Likewise.")
    since: Instant | None = Field(None, alias="from", description="Likewise.")
    until: Instant | None = Field(None, alias="to", description="Likewise.")
