"""Errors by cause, and what ops do to all rows of one: a job of the clock's does it, and the page
tells how far it is.
"""

from typing import Any

from flask import Response, abort, g, render_template, request, url_for

from storage.reports import causes
from storage.reports.causes import SharedError
from storage.rows import bulk_deeds
from storage.schema.database import Tx
from storage.transactions import acknowledgements
from storage.transactions import bulk_deeds as asked_deeds
from webhooks.http.context import runtime
from webhooks.ops.actions import answered

KNOWING = ("acknowledge", "withdraw")
LONGEST_MOMENT = 15
"""Digits of the milliseconds since 1970."""
GONE = "Nothing was done: no message fails so any more."
UNSEEN = "Say when you saw this cause: open the page again. Nothing was done."


def causes_list() -> str:
    """GET /ops/causes"""
    return render_template("ops/causes.html", **_shown())


def causes_live() -> str:
    """GET /ops/causes/live"""
    return render_template("ops/causes_live.html", **_shown())


def put_right(cause_id: str, action: str) -> Response | str:
    """POST /ops/causes/{id}/{action}: to all messages that fail so and were seen."""
    services = runtime().services
    page = url_for("ops.causes_list")
    with services.database.write() as tx:
        cause = causes.find(tx, cause_id, now=services.now())
        if cause is None:
            return answered(GONE, page)
        if action in KNOWING:
            return answered(_known(tx, cause, action), page)
        if action not in asked_deeds.fitting(cause):
            abort(404, f"This cannot be done to what is {cause.kind} {cause.state}.")
        seen_ms = min(_seen_ms(), causes.shown_ms(tx))
        if action == "discard" and not _is_sure():
            return render_template("ops/sure.html", cause=cause, seen_ms=seen_ms)
        deed = asked_deeds.ask(
            tx,
            cause,
            action,
            actor=g.visitor.name,
            seen_ms=seen_ms,
            now=services.now(),
        )
    return answered(f"{deed.total} messages: {action} begins.", page)


def stop(deed_id: str) -> Response:
    """POST /ops/deeds/{id}/stop: what is left of it is left alone."""
    services = runtime().services
    with services.database.write() as tx:
        stopped = asked_deeds.stop(tx, deed_id, actor=g.visitor.name, now=services.now())
    said = "Nothing was done: it has ended."
    if stopped:
        said = f"{deed_id} was stopped."
    return answered(said, url_for("ops.causes_list"))


def _known(tx: Tx, cause: SharedError, action: str) -> str:
    """Somebody answers for a cause, or does so no more."""
    now = runtime().services.now()
    if action == "withdraw":
        acknowledgements.withdraw(tx, cause, actor=g.visitor.name, now=now)
        return "Nobody answers for it any more: it is told again."
    acknowledgements.acknowledge(tx, cause, actor=g.visitor.name, now=now)
    return "Acknowledged for a day, or until none is left: it is told no more."


def _is_sure() -> bool:
    """A script has asked; without one a page of its own asks."""
    return "HX-Request" in request.headers or request.form.get("sure") == "yes"


def _seen_ms() -> int:
    seen = request.form.get("seen", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_MOMENT):
        abort(422, UNSEEN)
    return int(seen)


def _shown() -> dict[str, Any]:
    services = runtime().services
    now = services.now()
    with services.database.read() as tx:
        return {
            "seen_ms": causes.shown_ms(tx),
            "causes": causes.find_all(tx, now=now),
            "running": bulk_deeds.lately(tx, now=now),
            "fitting": asked_deeds.FITTING,
        }
