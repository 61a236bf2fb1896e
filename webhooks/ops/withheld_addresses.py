"""The addresses that are withheld, and the deed that takes one off. An address may be typed in, and
is never shown.
"""

from flask import Response, abort, g, render_template, request, url_for

from domain.errors import Invalid
from storage.rows import audit_log, withheld_addresses
from storage.rows.audit_log import Deed
from webhooks.http.context import runtime
from webhooks.ops.actions import answered

LONGEST = 254


def withheld_list() -> str:
    """GET /ops/withheld"""
    return render_template("ops/withheld.html", **_listed())


def withheld_live() -> str:
    """GET /ops/withheld/live"""
    return render_template("ops/withheld_live.html", **_listed())


def release() -> Response:
    """POST /ops/withheld/release: an address is taken off, named by its id or typed in."""
    which = request.form.get("which", "").strip()
    if not which or len(which) > LONGEST:
        abort(422, "Type the address, or its id from the list. Nothing was done.")
    services = runtime().services
    try:
        with services.database.write() as tx:
            found = withheld_addresses.release(tx, which, now=services.now())
            if found is not None:
                told = f"waiting mails: {len(found.wake)} leave, {found.superseded} ended"
                audit_log.note(tx, Deed(services.now(), g.visitor.name, "release", found.id, told))
    except Invalid:
        abort(422, "This is no mail address. Nothing was done: go back and correct it.")
    page = url_for("ops.withheld_list")
    if found is None:
        return answered("Nothing was done: it is not withheld, or not any more.", page)
    runtime().actors.wake_outbox(found.wake)
    return answered(f"{found.id} was taken off: {told}.", page)


def _listed() -> dict[str, object]:
    with runtime().services.database.read() as tx:
        return {"withheld": withheld_addresses.find_all(tx), "most": withheld_addresses.MOST}
