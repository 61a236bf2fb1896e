"""Calendar accounts on the settings page: connect one, disconnect one after a question."""

from flask import Response, abort, render_template, request

from storage.rows import connections as connection_rows
from storage.rows import push_marks
from storage.rows.connections import Connected
from storage.schema.database import Tx
from webhooks.http import cookies
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep
from webhooks.pages.settings import HOME, common
from webhooks.pages.settings_words import PROVIDERS
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
    written = render_template("pages/settings_leave.html", url=url, provider=provider, **common())
    page = Response(written)
    return cookies.remember(page, browser)


def settings_question(connection_id: str) -> str:
    """GET /settings/connections/{id}/disconnect: what it does, before it is done."""
    with runtime().services.database.read() as tx:
        account = _owned(tx, connection_id)
    return render_template("pages/settings_disconnect.html", account=account, **common())


def settings_disconnect(connection_id: str) -> Response:
    """POST /settings/connections/{id}/disconnect: a worker revokes and erases it, and
    is woken now.
    """
    with runtime().services.database.write() as tx:
        keep(tx)
        _owned(tx, connection_id)
        push_marks.mark_dirty(tx, connection_id, erase=True)
    runtime().actors.wake(connection_id)
    return see(f"{HOME}?said=disconnecting")


def _owned(tx: Tx, connection_id: str) -> Connected:
    """The guest's connection of this id; another's is 404, as one that never was."""
    for account in connection_rows.of_coach(tx, guest().coach_id):
        if account.id == connection_id:
            return account
    return abort(404, "not_here")


ROUTES = (
    ("POST", f"{HOME}/connect", settings_connect),
    ("GET", f"{HOME}/connections/<connection_id>/disconnect", settings_question),
    ("POST", f"{HOME}/connections/<connection_id>/disconnect", settings_disconnect),
)
