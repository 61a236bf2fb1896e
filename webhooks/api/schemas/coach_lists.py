"""What the lists of coaches and of mail texts are asked by, and how they answer."""

from pydantic import BaseModel, Field

from domain.freshness import State
from domain.mail.choice import Scope
from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.lists import MOMENT, OVERLAP, Filled, ListQuery, Moment, Next
from webhooks.api.schemas.mail_texts import MailTextOut
from webhooks.api.schemas.requests import MOST_COACHES, Ids
from webhooks.api.schemas.responses import CoachOut, Tile


class CoachesQuery(ListQuery):
    ids: Ids | None = Field(
        None,
        min_length=1,
        max_length=MOST_COACHES,
        description="Deprecated: ask `GET /v1/coach_states`, which answers the same.",
        json_schema_extra={"deprecated": True},
    )
    state: State | None = Field(None, description="How their calendars stand.")
    tz: str = Field("UTC", max_length=64, description="Zone of the date in `changed_since`.")
    changed_since: Moment | None = Field(
        None,
        description=f"Whose settings changed since then, in the order in which they did: {MOMENT}."
        f" {OVERLAP}",
    )


class MailersQuery(ListQuery):
    scope: Scope | None = None
    scope_id: Id | None = Field(None, description="Of the company, project or cohort.")
    kind: Filled | None = Field(None, description="A kind of mail.")
    language: Filled | None = None
    enabled: bool | None = Field(None, description="Whether this kind is mailed at all there.")


class CoachListOut(BaseModel):
    """By id; with `changed_since`, in the order in which they changed."""

    coaches: list[CoachOut | Tile] = Field(description="Tiles with `ids`, the old form, only.")
    next_cursor: Next = None
    unknown: list[str] | None = Field(None, description="Of the old form only.")


class MailersOut(BaseModel):
    """By scope, its id, kind and language."""

    mailers: list[MailTextOut]
    next_cursor: Next
