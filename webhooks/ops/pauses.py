"""What ops pause and resume: a kind of messages, or the mails of a company."""

from flask import Response, abort, g, render_template, request, url_for

from storage.rows import audit_log, pauses
from storage.rows.audit_log import Deed
from storage.rows.pauses import KINDS, Pause, What
from webhooks.http.context import runtime
from webhooks.http.page_security import see

LONGEST = 128
UNKNOWN = "Say what: mail, calendar, callback, or a company. Nothing was done: go back."


def paused_list() -> str:
    """GET /ops/pauses"""
    services = runtime().services
    with services.database.read() as tx:
        found = pauses.find_waiting(tx, now=services.now())
    stopped = {each.what for each, _ in found}
    running = [kind for kind in KINDS if kind not in stopped]
    return render_template("ops/pauses.html", pauses=found, running=running)


def pause() -> Response:
    """POST /ops/pauses: nothing of it leaves from now on, but what is under way."""
    services = runtime().services
    what, company = _chosen()
    made = Pause(what, company, services.now(), g.visitor.name)
    with services.database.write() as tx:
        if pauses.put(tx, made):
            waiting = pauses.waiting(tx, made, now=made.at)
            told = f"{waiting} wait at this moment"
            audit_log.note(tx, Deed(made.at, made.actor, "pause", made.name, told))
    return see(url_for("ops.paused_list"))


def resume() -> Response:
    """POST /ops/pauses/resume: what waited leaves, in its order."""
    services = runtime().services
    what, company = _chosen()
    ended = Pause(what, company, services.now(), g.visitor.name)
    with services.database.write() as tx:
        if pauses.lift(tx, what, company):
            told = f"{pauses.waiting(tx, ended, now=ended.at)} waited"
            audit_log.note(tx, Deed(ended.at, ended.actor, "resume", ended.name, told))
    return see(url_for("ops.paused_list"))


def _chosen() -> tuple[What, str]:
    company = request.form.get("company", "").strip()
    if company and len(company) <= LONGEST and company.isprintable():
        return "company", company
    chosen = [kind for kind in KINDS if request.form.get("what") == kind]
    if not chosen or company:
        abort(422, UNKNOWN)
    return chosen[0], ""
