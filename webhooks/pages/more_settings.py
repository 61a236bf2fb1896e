"""The page "More settings": what a coach chooses rarely, each choice in a form of its own, which
saves only itself. A new section is a module and a template, and a line in SECTIONS.
"""

from flask import Response, abort, render_template, request

from domain.errors import Invalid
from domain.sessions import Refused
from storage.rows.coaches import StaleVersion
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange
from webhooks.http import after_change
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep
from webhooks.http.permissions import May
from webhooks.pages import (
    more_away,
    more_conferencing,
    more_event_policy,
    more_holidays,
    more_inside,
    more_place,
    more_travel,
)
from webhooks.pages.more_sections import Form, Section, Sent
from webhooks.pages.settings import HOME, common, is_number, mine

PLACE = f"{HOME}/more"
SECTIONS: tuple[Section, ...] = (
    more_away.SECTION,
    more_travel.SECTION,
    more_holidays.SECTION,
    more_event_policy.SECTION,
    more_place.SECTION,
    more_conferencing.SECTION,
)
"""In the order in which they stand on the page."""


def more_settings_page() -> Response:
    """GET /settings/more"""
    saved = request.args.get("saved", "")
    return _page(saved=saved)


def more_settings_save(section: str) -> Response:
    """POST /settings/more/{section}: that form in one transaction, with all that follows; or
    nothing.
    """
    found = _section(section)
    version = request.form.get("version", "")
    if not is_number(version):
        abort(403, "foreign_form")
    sent = Sent(request.form, int(version))

    def save(tx: Tx) -> CoachChange | None:
        keep(tx)
        return found.save(tx, sent)

    try:
        if found.look_up is not None:
            found.look_up(request.form)
        changed = runtime().services.database.transact(save)
    except Invalid as error:
        return _refused(found, error, 422)
    except StaleVersion:
        return _refused(found, None, 409)
    except Refused:
        # The coach leaves: there is nothing to be set any more.
        abort(404, "not_here")
    if changed is not None:
        after_change.follow(guest().coach_id, wake=changed.wake, conflicts=changed.conflicts)
    return see(f"{PLACE}?saved={found.name}#{found.name}")


def _section(name: str) -> Section:
    for each in SECTIONS:
        if each.name == name:
            return each
    return abort(404, "not_here")


def _refused(section: Section, error: Invalid | None, status: int) -> Response:
    """The page with what was typed. Without an error somebody changed the coach meanwhile: sent
    again, it is saved over that.
    """
    return _page(refused=section, error=error, status=status)


def _page(
    *,
    saved: str = "",
    refused: Section | None = None,
    error: Invalid | None = None,
    status: int = 200,
) -> Response:
    _load(refused)
    with runtime().services.database.read() as tx:
        coach = mine(tx)
        shown = {each.name: each.shown(tx, coach, _typed(each, refused)) for each in SECTIONS}
    refused_name = ""
    if refused is not None:
        refused_name = refused.name
    page = render_template(
        "pages/more_settings.html",
        **common(),
        coach_name=coach.name or coach.id,
        version=coach.version,
        may_move=guest().may(May.run_sessions),
        sections=shown,
        saved=saved,
        refused=refused_name,
        error=error,
    )
    return Response(page, status)


def _load(refused: Section | None) -> None:
    """What the sections need and takes its time, while no connection is held."""
    with runtime().services.database.read() as tx:
        coach = mine(tx)
    for each in SECTIONS:
        if each.load is not None:
            each.load(coach, _typed(each, refused))


def _typed(section: Section, refused: Section | None) -> Form | None:
    if section is refused:
        return request.form
    return None


ROUTES = (
    *more_inside.ROUTES,
    ("GET", PLACE, more_settings_page),
    ("POST", f"{PLACE}/<section>", more_settings_save),
)
