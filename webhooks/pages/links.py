"""Links to pages: Coach OS asks for one (POST /v1/links), a person follows it once, within ten minutes (GET /p/...).

The token is signed and says all that the session will know, so that nothing is stored until it is used. It never
stands in the address of a page, and never in a log.
"""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from flask import Response, request
from itsdangerous import BadData
from pydantic import BaseModel, Field
from werkzeug.exceptions import Forbidden, Gone, HTTPException

from domain.errors import Invalid
from domain.sessions import Unknown
from storage import coaches, links, seats
from webhooks.auth import asking, lacking, may
from webhooks.booking_models import ContextIn, Id, ParticipantIn
from webhooks.bookings import FORCE, context_of, participant_of
from webhooks.browsers import see
from webhooks.errors import Refused, unknown_coach
from webhooks.models import Body, Language
from webhooks.pages.guests import HOMES, LIFE, Guest, Purpose, signer, with_cookie
from webhooks.pages.viewers import Viewer
from webhooks.wiring import runtime

log = structlog.get_logger()

VALID = timedelta(minutes=10)
MOST_TOKEN = 2900
"""A cookie of the same size has to fit into 4096 bytes, and a request line into gunicorn's 4094."""

ReturnUrl = Annotated[
    str,
    Field(
        max_length=1000,
        pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:|/|$))[^\s<>\"\x00]*$",
        description="Where the page's link back leads: https, or http on this machine.",
    ),
]


class LinkIn(Body):
    """A page for one person: a coach's calendar settings, or bookings with a coach, as a participant, the coach or a
    programme manager sees and makes them."""

    purpose: Purpose
    viewer: Viewer = Field(
        "participant",
        description="Who opens the page for the purpose booking. A coach sees why times are closed and who comes,"
        " and may force, so the key needs the scope bookings:force; a manager sees the groups of the `context`, which"
        " has to name a company, project or cohort.",
    )
    coach_id: Id
    participant: ParticipantIn | None = Field(
        None, description="For whom is booked: whoever opens the page, or whom the coach or manager books for."
    )
    context: ContextIn = Field(default_factory=ContextIn)
    booking_id: Id | None = Field(None, description="Opens this booking of the participant's.")
    return_url: ReturnUrl | None = None
    language: Language = "en"


class LinkOut(BaseModel):
    url: str = Field(description="For one person and one use: do not keep it, and do not log it.")
    expires_at: datetime


def create(body: LinkIn) -> LinkOut:
    """Make a link to a page for a participant, a coach or a programme manager.

    It opens once, within ten minutes: ask for it when somebody clicks, and redirect there.
    """
    participant = None if body.participant is None else participant_of(body.participant)
    _check_purpose(body)
    services = runtime().services
    with services.database.read() as tx:
        coach = coaches.get(tx, body.coach_id)
        if coach is None:
            raise unknown_coach(body.coach_id)
        if body.booking_id is not None:
            theirs = seats.get(tx, body.booking_id).participant.id == (participant and participant.id)
            if not theirs or seats.coach_of(tx, body.booking_id) != body.coach_id:
                raise Unknown("booking", body.booking_id)
    until = int((services.now() + VALID).timestamp())
    made = Guest(
        body.purpose,
        body.viewer,
        body.coach_id,
        participant,
        context_of(body.context),
        body.booking_id,
        body.return_url,
        body.language,
        coach.hours.zone if participant is None or body.viewer == "coach" else participant.zone,
        secrets.token_urlsafe(18),  # the link's nonce; its session gets one of its own
        until,
    )
    token = str(signer(services.settings, "link").dumps(made.as_json()))
    if len(token) > MOST_TOKEN:
        detail = "Names and addresses make the link too long: send a shorter return_url or my_page_url."
        raise Refused("link_too_long", detail, field="return_url")
    return LinkOut(url=f"{services.settings.base_url}/p/{token}", expires_at=datetime.fromtimestamp(until, UTC))


def redeem(token: str) -> Response:
    """GET /p/{token}: once, and from there to the page, without the token in its address."""
    services = runtime().services
    now = services.now()
    try:
        invited = Guest.of_json(signer(services.settings, "link").loads(token))
    except (BadData, Invalid, KeyError, TypeError):  # not ours; or of a release that knew other fields
        raise _turned_away("altered") from None
    if invited.until <= now.timestamp():
        raise _turned_away("expired")
    if request.method == "HEAD":  # whoever looks where a link leads does not follow it
        return Response(status=204)
    with services.database.write() as tx:
        if not links.use(tx, invited.csrf, now=now):
            raise _turned_away("used")
    newcomer = replace(invited, csrf=secrets.token_urlsafe(18), until=int((now + LIFE).timestamp()))
    log.info("link_followed", purpose=invited.purpose, viewer=invited.viewer, coach=invited.coach_id)
    place = f"/book/bookings/{invited.booking_id}" if invited.booking_id else HOMES[invited.purpose]
    return with_cookie(see(place), newcomer)


def _check_purpose(body: LinkIn) -> None:
    if body.purpose == "settings":
        for name in ("viewer", "participant", "booking_id"):
            if name in body.model_fields_set and getattr(body, name) is not None:
                raise Refused("unknown_field", f"Leave {name} out: the settings are the coach's.", field=name)
    elif body.participant is None and (body.viewer == "participant" or body.booking_id is not None):
        raise Refused("missing", "Send participant: a booking is somebody's.", field="participant")
    elif body.viewer == "manager" and not {"company", "project", "cohort"} & context_of(body.context).as_json().keys():
        detail = "Send a company, project or cohort: a manager sees the groups of one."
        raise Refused("missing", detail, field="context")
    elif body.viewer == "coach" and not may(asking(), FORCE):
        raise lacking(FORCE, field="viewer")


def _turned_away(reason: str) -> HTTPException:
    log.warning("link_refused", reason=reason)
    return (Forbidden if reason == "altered" else Gone)(f"link_{reason}")
