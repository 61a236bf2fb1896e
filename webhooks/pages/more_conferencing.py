"""Accounts at Zoom, Teams and the like, from which links of sessions come: a section of the page
"More settings" that leads on to Cronofy, where they are connected, and the way back.
"""

import time
from datetime import timedelta

import structlog
from flask import Response, abort, render_template, request
from itsdangerous import BadData

from domain.accounts import ConferencingProfile
from domain.coaches import Coach
from storage.rows import conferencing_profiles, connections, push_marks
from storage.schema.database import Tx
from storage.schema.vault import Sealed
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, language, signer
from webhooks.http.translations import say
from webhooks.pages.more_sections import Form, Section, Sent, Values
from webhooks.pages.settings import HOME, common
from workers.cronofy.errors import CronofyError
from workers.jobs import account_linking

log = structlog.get_logger()

NAME = "conferencing"
PLACE = f"{HOME}/{NAME}"
BACK = f"{PLACE}/back"
BACK_LIFE = timedelta(hours=1)
"""For somebody to sign in at a service, and to find a password for that."""
PATIENCE = 8.0
"""Seconds for Cronofy to name its page: somebody waits."""
# Their names are the same in every language. Of others the name is what Cronofy calls them.
SERVICES = {
    "zoom": "Zoom",
    "msteams": "Microsoft Teams",
    "webex": "Webex",
    "gotomeeting": "GoTo Meeting",
}


def conferencing_connect() -> Response:
    """POST /settings/conferencing: a page that leads on to Cronofy's, where it is connected."""
    connection_id = request.form.get("connection", "")
    with runtime().services.database.read() as tx:
        if connection_id not in connections.ids_of_coach(tx, guest().coach_id):
            abort(404, "not_here")
    services = runtime().services
    try:
        url = account_linking.conferencing_page(
            services, connection_id, back=_back_of(connection_id), until=time.monotonic() + PATIENCE
        )
    except (CronofyError, Sealed) as error:
        log.warning("conferencing_page_failed", connection=connection_id, error=str(error))
        abort(503, "away")
    return Response(render_template("pages/more_conferencing_leave.html", url=url, **common()))


def consent_conferencing_back(token: str) -> Response:
    """GET /settings/conferencing/back/{token}: what was connected there is asked for, and seen
    soon.

    From a frame of another site the consent comes back in a window of its own, where browsers show
    us another cookie or none: the address itself says which account it is about.
    """
    if request.method == "HEAD":
        return Response(status=204)
    connection_id = _come_back(token)
    if connection_id is None:
        return _plain("consent_expired_heading", "consent_conferencing_old", 400)
    services = runtime().services
    with services.database.write() as tx:
        coach_id = connections.coach_of(tx, connection_id)
        marked = push_marks.mark_dirty(tx, connection_id, userinfo=True)
    if marked:
        runtime().actors.wake(connection_id)
    if coach_id is not None and guest().coach_id == coach_id:
        return see(f"{HOME}/more#{NAME}")
    return _plain("consent_conferencing_heading", "consent_conferencing_what", 200)


def _back_of(connection_id: str) -> str:
    """The path back from connecting a service to this account, good for a while."""
    services = runtime().services
    until = int((services.now() + BACK_LIFE).timestamp())
    token = signer(services.settings, "conferencing").dumps([connection_id, until])
    return f"{BACK}/{token!s}"


def _come_back(token: str) -> str | None:
    """The connection that somebody comes back about; None for an address that is not ours, or too
    old.
    """
    services = runtime().services
    try:
        connection_id, until = signer(services.settings, "conferencing").loads(token)
    except BadData:
        return None
    if until <= services.now().timestamp():
        return None
    return str(connection_id)


def _plain(heading: str, what: str, status: int) -> Response:
    """A page of its own, of these texts."""
    said = {"heading": say(language(), heading), "what": say(language(), what)}
    return Response(render_template("pages/consent.html", **said), status)


def _shown(tx: Tx, coach: Coach, _typed: Form | None) -> Values:
    accounts = []
    named = {each.id: each for each in connections.of_coach(tx, coach.id)}
    for connection_id, services in conferencing_profiles.of_coach(tx, coach.id):
        profiles = named[connection_id].profiles
        account = {"id": connection_id, "name": "", "services": list(map(_service, services))}
        if profiles:
            account["name"] = profiles[0].name
        accounts.append(account)
    return {"accounts": accounts}


def _service(profile: ConferencingProfile) -> Values:
    name = SERVICES.get(profile.provider, profile.provider)
    return {"name": name, "connected": profile.connected}


def _save(_tx: Tx, _sent: Sent) -> None:
    """Nothing of this section is kept here."""


SECTION = Section(NAME, _shown, _save)
ROUTES = (
    ("POST", PLACE, conferencing_connect),
    ("GET", f"{BACK}/<token>", consent_conferencing_back),
)
