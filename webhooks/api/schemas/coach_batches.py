"""What is said of many coaches at once, and of the end of one."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from webhooks.api.schemas.booking_requests import Id
from webhooks.api.schemas.requests import MOST_COACHES, Body, CoachIn, QueryIn


class CoachOfMany(CoachIn):
    id: Id


class CoachesIn(Body):
    coaches: Annotated[list[CoachOfMany], Field(min_length=1, max_length=MOST_COACHES)]


class CoachPutOut(BaseModel):
    """What came of one of many: 201 for a new coach, 200 for one that was there, 409 for one whose
    `version` is another by now or who leaves, 422 for one that breaks a rule together with what was
    stored, 503 for one that this request had no time left for, or that somebody else was at for too
    long.
    """

    id: str
    status: Literal[200, 201, 409, 422, 503]
    version: int | None = Field(default=None, description="As it is stored now.")
    code: str | None = Field(default=None, description="Of a refusal, as in the table of errors.")


class CoachesPutOut(BaseModel):
    """In the order in which they were sent."""

    coaches: list[CoachPutOut]
    refused: int = Field(description="How many are neither 200 nor 201: send these again.")


class EraseQuery(QueryIn):
    coming: Literal["cancel"] | None = Field(
        None, description="Call off the sessions that are to come, and tell everybody."
    )
