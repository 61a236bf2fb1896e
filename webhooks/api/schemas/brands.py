"""What comes in and goes out about the looks of mails and pages, per company."""

from pydantic import BaseModel, Field

from webhooks.api.schemas.requests import Body, Line


class BrandIn(Body):
    """All that is set; what is null, or left out, is as for everybody. The logo has an address of
    its own.
    """

    sender_name: Line | None = Field(
        None,
        description="Before our address in From, and in place of the logo where none is shown.",
        examples=["Acme Coaching"],
    )
    support: Line | None = Field(
        None,
        description="Whom people ask: a mail address or a URL.",
        examples=["help@acme.example"],
    )
    colour: Line | None = Field(
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
