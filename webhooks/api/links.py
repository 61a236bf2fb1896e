"""Links to pages: Coach OS asks for one (POST /v1/links), for a person who follows it within ten
minutes (`webhooks.pages.links`).
"""

import secrets
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from domain.coaches import Coach
from domain.mail import LANGUAGES
from domain.sessions import Participant, Unknown
from storage.rows import bookings, coaches, links
from storage.rows.links import Link
from webhooks.api.bookings import FORCE, context_of, participant_of
from webhooks.api.schemas.booking_requests import ContextIn, Id, ParticipantIn
from webhooks.api.schemas.requests import Body, Language
from webhooks.api.schemas.urls import ReturnUrl
from webhooks.http.auth import asking, lacking, may
from webhooks.http.context import runtime
from webhooks.http.page_sessions import SESSIONS, Guest, Purpose
from webhooks.http.permissions import Viewer
from webhooks.http.problems import RefusedRequest, unknown_coach

VALID = timedelta(minutes=10)
MOST_COOKIE = 2900
"""A cookie has to fit into 4096 bytes, with its name and what else is said of it."""


class LinkIn(Body):
    """A page for one person: a coach's calendar settings, or bookings with a coach, as a
    participant, the coach or a programme manager sees and makes them.
    """

    purpose: Purpose
    viewer: Viewer = Field(
        "participant",
        description="Who opens the page for the purpose booking. A coach sees why times are closed"
        " and who comes, and may force, so the key needs the scope bookings:force; a manager"
        " sees the groups of the `context`, which has to name a company, project or cohort.",
    )
    coach_id: Id
    participant: ParticipantIn | None = Field(
        None,
        description="For whom is booked: whoever opens the page,"
        " or whom the coach or manager books for.",
    )
    context: ContextIn = Field(default_factory=ContextIn)
    booking_id: Id | None = Field(None, description="Opens this booking of the participant's.")
    return_url: ReturnUrl | None = None
    language: Language | None = Field(
        None,
        description="Of the page. If absent, the participant's for a participant, the coach's for a"
        " coach, English for a manager.",
    )


class LinkOut(BaseModel):
    url: str = Field(description="For one person and one use: do not keep it, and do not log it.")
    expires_at: datetime


def create(body: LinkIn) -> LinkOut:
    """Make a link to a page for a participant, a coach or a programme manager.

    It opens in one browser, within ten minutes: ask for it when somebody clicks, and redirect
    there.
    """
    participant, about = None, None
    if body.participant is not None:
        participant = participant_of(body.participant)
        about = participant.id
    _check_purpose(body)
    services = runtime().services
    with services.database.read() as tx:
        coach = coaches.get(tx, body.coach_id)
        if coach is None:
            raise unknown_coach(body.coach_id)
        if body.booking_id is not None:
            theirs = bookings.get(tx, body.booking_id).participant.id == about
            if not theirs or bookings.coach_of(tx, body.booking_id) != body.coach_id:
                raise Unknown("booking", body.booking_id)
    zone = coach.hours.zone
    if participant is not None and body.viewer != "coach":
        zone = participant.zone
    invited = Guest(
        body.purpose,
        _viewer(body),
        body.coach_id,
        participant,
        context_of(body.context),
        body.booking_id,
        body.return_url,
        _language(body, coach, participant),
        zone,
        csrf="",  # of whoever opens it
        until=0,
    )
    if len(SESSIONS.value(invited)) > MOST_COOKIE:
        detail = (
            "Names and addresses make the link too long: send a shorter return_url or my_page_url."
        )
        raise RefusedRequest("link_too_long", detail, field="return_url")
    token = secrets.token_urlsafe(24)
    made = Link(body.coach_id, about, invited.as_json(), services.now() + VALID)
    with services.database.write() as tx:
        links.make(tx, token, "page", made)
    return LinkOut(url=f"{services.settings.base_url}/p/{token}", expires_at=made.expires_at)


def _viewer(body: LinkIn) -> Viewer:
    # From the settings a coach goes on to their sessions, if this key could lead them there, too.
    if body.purpose == "settings" and may(asking(), FORCE):
        return "coach"
    return body.viewer


def _language(body: LinkIn, coach: Coach, participant: Participant | None) -> str:
    """What whoever opens the page is spoken to in, unless the link says otherwise."""
    if body.language is not None:
        return body.language
    if body.purpose == "settings" or body.viewer == "coach":
        return coach.language
    if body.viewer == "participant" and participant is not None:
        return participant.language
    return LANGUAGES[0]


def _check_purpose(body: LinkIn) -> None:
    if body.purpose == "settings":
        for name in ("viewer", "participant", "booking_id"):
            if name in body.model_fields_set and getattr(body, name) is not None:
                raise RefusedRequest(
                    "unknown_field", f"Leave {name} out: the settings are the coach's.", field=name
                )
    elif body.participant is None and (body.viewer == "participant" or body.booking_id is not None):
        raise RefusedRequest(
            "missing", "Send participant: a booking is somebody's.", field="participant"
        )
    elif (
        body.viewer == "manager"
        and not {"company", "project", "cohort"} & context_of(body.context).as_json().keys()
    ):
        detail = "Send a company, project or cohort: a manager sees the groups of one."
        raise RefusedRequest("missing", detail, field="context")
    elif body.viewer == "coach" and not may(asking(), FORCE):
        raise lacking(FORCE, field="viewer")
