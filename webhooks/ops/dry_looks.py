"""A dry look at a coach's calendars: a worker reads them, the page tells what that would change,
and nothing is stored. Whoever wants it stored presses "Read the calendars now" after it.
"""

from typing import Any

from flask import abort, g, render_template, request

from storage.rows import audit_log, coaches, connections
from storage.rows.audit_log import Deed
from webhooks.http.context import runtime
from webhooks.ops import signed_notes
from workers.jobs import dry_looks

WAITS = dry_looks.LOOK_SECONDS + 10
"""Seconds: then no worker took it, and the page stops to ask."""
AWAY = "Redis is away, and no worker can be asked. Nothing was read."
LOST = "No answer came. Is a worker running? Nothing was stored: look again."


def look(coach_id: str) -> str:
    """POST /ops/coaches/{id}/look"""
    services = runtime().services
    now = services.now()
    with services.database.write() as tx:
        if coaches.get(tx, coach_id) is None:
            abort(404, "No coach has this id.")
        chosen = connections.ids_of_coach(tx, coach_id)
        audit_log.note(
            tx, Deed(now, g.visitor.name, "look", coach_id, f"{len(chosen)} connections")
        )
    look_id = dry_looks.ask(services, coach_id)
    if look_id is None or not runtime().actors.look(look_id):
        return _page(coach_id, "", 0.0, {"state": "failed", "error": AWAY})
    token = signed_notes.signed("look", coach_id, look_id, int(now.timestamp()))
    return _page(coach_id, token, 0.0, {"state": "asked"})


def looked(coach_id: str) -> str:
    """POST /ops/coaches/{id}/looked: asked every second until the look is over."""
    services = runtime().services
    look_id, at = signed_notes.told("look", coach_id)
    waited = services.now().timestamp() - at
    found = dry_looks.found(services, look_id)
    is_over = found is not None and found["state"] in ("done", "failed")
    if found is None or (waited > WAITS and not is_over):
        found = {"state": "failed", "error": LOST}
    return _page(coach_id, request.form["look"], waited, found)


def _page(coach_id: str, token: str, waited: float, found: dict[str, Any]) -> str:
    return render_template(
        "ops/dry_look.html", coach_id=coach_id, token=token, waited=waited, found=found
    )
