"""Calendar accounts on the settings page: connect one, choose what blocks and what receives
sessions, disconnect one after a question.
"""

from flask import Response, abort, render_template, request

from storage.rows import connections as connection_rows
from storage.rows import push_marks
from storage.rows.calendars import UnknownCalendar
from storage.rows.connections import Connected
from storage.transactions import coach_settings, target_calendars
from storage.transactions.target_calendars import ReadOnly
from webhooks.http import after_change, cookies
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, language
from webhooks.pages.settings import HOME, Tx, mine
from webhooks.pages.settings_words import PROVIDERS, Words
from workers.jobs import account_linking


def settings_connect() -> Response:
    """POST /settings/connect: a page that leads on to the provider's consent.

    A page and no redirect: a policy that lets forms be sent to us alone also forbids that they are
    sent on from here.
    """
    provider = request.form.get("provider", "")
    if provider not in PROVIDERS:
        abort(404, "not_here")
    services, coach_id = runtime().services, guest().coach_id
    browser = cookies.browser() or cookies.new_browser()
    if services.settings.embed_origins:
        # In a frame of another site the consent has a window of its own, where browsers show us
        # another cookie or none: it begins there, on a page of ours.
        url = account_linking.invite(services, coach_id, provider=provider)
    else:
        url = account_linking.begin(services, coach_id, browser=browser, provider=provider)
    if url is None:
        abort(404, "not_here")
    page = Response(_rendered("pages/settings_leave.html", url=url, provider=provider))
    return cookies.remember(page, browser)


def settings_calendars(connection_id: str) -> Response:
    """POST /settings/connections/{id}/calendars: exactly the ticked ones block."""
    services = runtime().services
    try:
        with services.database.write() as tx:
            coach = mine(tx)
            _owned(tx, connection_id)
            chosen = request.form.getlist("calendar")
            met = coach_settings.choose_calendars(
                tx, coach.id, connection_id, chosen, now=services.now()
            )
    except UnknownCalendar:
        return see(f"{HOME}?said=calendars_changed")
    after_change.follow(coach.id, conflicts=met)
    return see(f"{HOME}?said=calendars_saved")


def settings_receives() -> Response:
    """POST /settings/receives: this calendar receives the coach's sessions; an empty one: the main
    one does.

    Another coach's is 404, as one that never was.
    """
    services = runtime().services
    sent = request.form.get("calendar")
    try:
        with services.database.write() as tx:
            if sent is None:
                raise UnknownCalendar
            target_calendars.receive(tx, mine(tx).id, sent or None, now=services.now())
    except UnknownCalendar:
        abort(404, "not_here")
    except ReadOnly:
        return see(f"{HOME}?said=calendars_changed")
    return see(f"{HOME}?said=receives_saved")


def settings_question(connection_id: str) -> Response:
    """GET /settings/connections/{id}/disconnect: what it does, before it is done."""
    with runtime().services.database.read() as tx:
        account = _owned(tx, connection_id)
    return Response(_rendered("pages/settings_disconnect.html", account=account))


def settings_disconnect(connection_id: str) -> Response:
    """POST /settings/connections/{id}/disconnect: a worker revokes and erases it, and
    is woken now.
    """
    with runtime().services.database.write() as tx:
        _owned(tx, connection_id)
        push_marks.mark_dirty(tx, connection_id, erase=True)
    runtime().actors.wake(connection_id)
    return see(f"{HOME}?said=disconnecting")


def _owned(tx: Tx, connection_id: str) -> Connected:
    """The guest's connection of this id; another's is 404, as one that never was."""
    found = next(
        (one for one in connection_rows.of_coach(tx, guest().coach_id) if one.id == connection_id),
        None,
    )
    return abort(404, "not_here") if found is None else found


def _rendered(template: str, **values: object) -> str:
    embedded = runtime().settings.embed_origins is not None
    return render_template(template, st=Words(language()), embedded=embedded, **values)


ROUTES = (
    ("POST", f"{HOME}/connect", settings_connect),
    ("POST", f"{HOME}/connections/<connection_id>/calendars", settings_calendars),
    ("POST", f"{HOME}/receives", settings_receives),
    ("GET", f"{HOME}/connections/<connection_id>/disconnect", settings_question),
    ("POST", f"{HOME}/connections/<connection_id>/disconnect", settings_disconnect),
)
