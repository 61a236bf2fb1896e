"""What became of a mail that was handed in, typed, as OpenAPI tells it."""

from pydantic import BaseModel, Field

from domain.sessions import Answer


class ReplyOut(BaseModel):
    booking_id: str
    answer: Answer
    kept: bool = Field(
        description="Whether it is the booking's answer now: not one to an earlier time of the"
        " session, nor one that a later answer has overtaken."
    )
