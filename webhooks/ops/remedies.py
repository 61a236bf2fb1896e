"""The deeds that the first line of the overview offers: what waits is tried now, a coach is asked
to reconnect.
"""

from flask import Response, abort, g, url_for

from storage.reports import idle
from storage.rows import audit_log, coaches
from storage.rows.audit_log import Deed
from storage.rows.outbox_claims import Wake
from storage.transactions import relink_mails
from webhooks.http.context import runtime
from webhooks.ops.actions import answered
from webhooks.ops.facts import KINDS

HURRIED = (*KINDS, "read")


def hurry(kind: str) -> Response:
    """POST /ops/hurry/{kind}: all of this kind that waits for its next try need not."""
    if kind not in HURRIED:
        abort(404, f"What waits is one of {', '.join(HURRIED)}.")
    services, actors = runtime().services, runtime().actors
    now = services.now()
    with services.database.write() as tx:
        reads: list[str] = []
        sends: list[Wake] = []
        if kind == "read":
            reads = idle.hurry_reads(tx)
        else:
            sends = idle.hurry_messages(tx, kind, now=now)
        count = len(reads) + len(sends)
        audit_log.note(tx, Deed(now, g.visitor.name, "hurry", kind, f"{count} tried at once"))
    actors.wake(*reads)
    actors.wake_outbox(sends)
    return answered(f"{count} of kind {kind} tried now.", url_for("ops.overview"))


def ask(coach_id: str) -> Response:
    """POST /ops/coaches/{id}/ask: a mail with the link, now. Only the coach can connect an account
    again.
    """
    services = runtime().services
    now = services.now()
    with services.database.write() as tx:
        coach = coaches.get(tx, coach_id)
        if coach is None:
            abort(404, "No coach has this id.")
        wakes = relink_mails.ask(tx, coach, now=now)
        if wakes:
            audit_log.note(tx, Deed(now, g.visitor.name, "ask", coach_id, f"{len(wakes)} mails"))
    page = url_for("ops.coach", coach_id=coach_id)
    if coach.email is None:
        said = (
            f"Nothing was mailed: {coach_id} has no address here. Send a link: coachcal connect"
            f" {coach_id}."
        )
        return answered(said, page)
    if not wakes:
        return answered(
            f"Nothing was done: {coach_id} was asked today, or is connected again.", page
        )
    runtime().actors.wake_outbox(wakes)
    return answered(
        f"A mail asks {coach_id} to reconnect. The calendars are read once that is done.", page
    )
