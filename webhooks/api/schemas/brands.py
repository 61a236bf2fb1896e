"""What comes in and goes out about the looks of mails and pages, per company."""

from functools import partial
from typing import Annotated

from pydantic import BaseModel, Field

from domain.brands import colour, sender_name
from domain.mail.support import Support
from webhooks.api.schemas.requests import Body, Line
from webhooks.api.schemas.rules import ruled

SenderName = Annotated[Line, ruled(sender_name, "sender_name")]
SupportLine = Annotated[Line, ruled(Support.of, "support")]
Colour = Annotated[Line, ruled(partial(colour, "colour"), "colour")]


class BrandIn(Body):
    """All that is set; what is null, or left out, is as for everybody. The logo has an address of
    its own.
    """

    sender_name: SenderName | None = Field(
        None,
        description="Before our address in From, and in place of the logo where none is shown.",
        examples=["Acme Coaching"],
    )
    support: SupportLine | None = Field(
        None,
        description="Whom people ask: a mail address or a URL.",
        examples=["help@acme.example"],
    )
    colour: Colour | None = Field(
        None,
        description="#rrggbb, of buttons and links; texts stay readable on any.",
        examples=["#0b5394"],
    )


class BrandOut(BaseModel):
    company_id: str
    sender_name: str | None
    support: str | None
    colour: str | None
    logo_url: str | None = Field(description="Where everybody sees the logo, for as long as it is.")
