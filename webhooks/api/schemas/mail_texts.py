"""What comes in and goes out about mails: texts, previews, and what became of a booking's mails."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from domain.mail import Role
from domain.mail.checks import LONGEST_BODY, LONGEST_SUBJECT, wrong_texts
from domain.mail.choice import Scope
from webhooks.api.schemas.requests import Body, Mail
from webhooks.api.schemas.responses import Instant
from webhooks.api.schemas.rules import refuse
from webhooks.http import patterns

# No database keeps a NUL. What else a text may hold is for domain.mail.checks to say.
Subject = Annotated[str, Field(max_length=LONGEST_SUBJECT, pattern=patterns.NO_NUL)]
Text = Annotated[str, Field(max_length=LONGEST_BODY, pattern=patterns.NO_NUL)]


class TextIn(Body):
    """A subject and a text, or neither. Tokens such as {{participant_name}} are filled in; nothing
    is run.
    """

    subject: Subject | None = None
    text: Text | None = None
    html: Text | None = Field(
        None, description="Made from `text` if absent. A text too: nothing in it runs or loads."
    )

    @model_validator(mode="after")
    def _ruled(self) -> Self:
        if (self.subject, self.text, self.html) != (None, None, None):
            refuse(wrong_texts(self.subject or "", self.text or "", self.html))
        return self


class MailTextIn(TextIn):
    """A text, a switch, or both. Without a text, the next wider scope's is used."""

    enabled: bool = Field(True, description="Whether this kind is mailed at all in this scope.")  # noqa: FBT003 (a default)


class PreviewIn(TextIn):
    """A text to try before it is set; the one that is set, or else the default, if absent."""


class MailTextOut(BaseModel):
    scope: Scope
    scope_id: str
    kind: str
    language: str
    enabled: bool
    subject: str | None
    text: str | None
    html: str | None


class PreviewOut(BaseModel):
    language: str
    subject: str
    text: str
    html: str
    calendar: str | None = Field(
        description="The calendar part (RFC 5545), for kinds that have one."
    )


class MailOut(BaseModel):
    """One mail of a booking: never what it says, nor the address."""

    id: str
    kind: str
    recipient: Role
    version: int = Field(description="The booking's, that it tells of.")
    state: Literal[
        "pending", "sending", "waiting_for_text", "withheld", "sent", "dead", "superseded"
    ]
    due_at: Instant
    sent_at: Instant | None
    attempts: int
    last_error: str | None


class MailsOut(BaseModel):
    booking_id: str
    mails: list[MailOut]


class SendingOut(BaseModel):
    outbox_id: str
    state: str


class WithheldOut(BaseModel):
    """A mailbox that does not exist, as a mail server said: never the address."""

    id: str | None = Field(
        description="Its name here; null for a moment after an update of the service."
    )
    reason: str
    reply: str | None = Field(description="What the mail server said, without addresses.")
    since: Instant
    until: Instant = Field(description="When it comes off by itself.")
    recipient: Role | None = Field(description="Whom the mail was for that met the reply.")
    coach_id: str | None
    booking_id: str | None
    waiting: int = Field(description="Mails that wait for it.")


class WithheldListOut(BaseModel):
    withheld: list[WithheldOut]


class AddressIn(Body):
    address: Mail


class ReleasedOut(BaseModel):
    id: str
    leaving: int = Field(description="Mails that are still true, and leave now.")
    superseded: int = Field(
        description="Mails that ended: their session is over, moved or cancelled."
    )
