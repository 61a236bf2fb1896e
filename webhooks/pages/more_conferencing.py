"""Accounts at Zoom, Teams and the like, from which links of sessions come: a section of the page
"More settings" that leads on to Cronofy, where they are connected, and the way back.
"""

import time

import structlog
from flask import Response, abort, render_template, request

from domain.accounts import ConferencingProfile
from domain.coaches import Coach
from storage.rows import conferencing_profiles, connections, push_marks
from storage.schema.database import Tx
from storage.schema.vault import Sealed
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep
from webhooks.pages.more_sections import Form, Section, Sent, Values
from webhooks.pages.settings import HOME, common
from workers.cronofy.errors import CronofyError
from workers.jobs import account_linking

log = structlog.get_logger()

NAME = "conferencing"
PLACE = f"{HOME}/{NAME}"
BACK = f"{PLACE}/back"
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
            services, connection_id, back=BACK, until=time.monotonic() + PATIENCE
        )
    except (CronofyError, Sealed) as error:
        log.warning("conferencing_page_failed", connection=connection_id, error=str(error))
        abort(503, "away")
    return Response(render_template("pages/more_conferencing_leave.html", url=url, **common()))


def conferencing_back() -> Response:
    """GET /settings/conferencing/back: what was connected there is asked for, and seen soon."""
    if request.method == "HEAD":
        return Response(status=204)
    services, woken = runtime().services, list[str]()
    with services.database.write() as tx:
        keep(tx)
        for connection_id in connections.ids_of_coach(tx, guest().coach_id):
            if push_marks.mark_dirty(tx, connection_id, userinfo=True):
                woken.append(connection_id)
    runtime().actors.wake(*woken)
    return see(f"{HOME}/more#{NAME}")


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
    ("GET", BACK, conferencing_back),
)
