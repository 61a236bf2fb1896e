"""A person's data, for whoever asked for it: all of it as a file, or its end. Both take the scope
`people:erase` too.

The page itself tells ids alone; the file is the one thing here that holds names, and the audit
tells who had it.
"""

import json

from flask import Response, abort, g, render_template, request, url_for

from storage.reports import personal_data, timelines
from storage.reports.personal_data import Person
from storage.reports.whose_rows import Kind
from storage.rows import audit_log
from storage.transactions import erasures
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from workers.jobs import erasure

SCOPE = "people:erase"
KINDS: tuple[Kind, ...] = ("coach", "participant")
MOST_BOOKINGS = 50
NOBODY = "Nothing is kept of anybody with this id: it is mistyped, or they were erased."
LACKS = (
    "Your key lacks the scope people:erase, or no group of yours gives it. Nothing was done: log in"
    " with a key that has it as well as ops, or as somebody of COACHCAL_OIDC_ERASE_GROUPS."
)
UNSAID = "Say whether a coach or a participant is meant. Nothing was done: open the page again."
UNTYPED = "What you typed is not this person's id. Nothing was erased: go back and type it again."


def person(person_id: str) -> str:
    """GET /ops/people/{id}: what may be done about whoever has this id, and what was."""
    with runtime().services.database.read() as tx:
        known, ending = [], []
        for kind in KINDS:
            each = Person(kind, person_id)
            if not erasures.is_known(tx, each):
                continue
            known.append(each)
            if erasures.is_owed(tx, each):
                ending.append(each)
        deeds = audit_log.deeds(tx, target=person_id, limit=20)
        seats = timelines.newest_of(tx, person_id, limit=MOST_BOOKINGS)
    if not known and not deeds:
        abort(404, NOBODY)
    return render_template(
        "ops/person.html",
        person_id=person_id,
        known=known,
        ending=ending,
        deeds=deeds,
        allowed=_is_allowed(),
        seats=seats,
    )


def export_person(person_id: str) -> Response:
    """POST /ops/people/{id}/export: all that is kept, as a file."""
    chosen = _chosen(person_id)
    services = runtime().services
    with services.database.write() as tx:
        exported = personal_data.export(tx, chosen, actor=g.visitor.name, now=services.now())
    if exported is None:
        abort(404, NOBODY)
    answer = Response(
        json.dumps(exported, indent=2, sort_keys=True, ensure_ascii=False),
        mimetype="application/json",
    )
    answer.headers.set(
        "Content-Disposition", "attachment", filename=f"{chosen.kind}-{person_id}.json"
    )
    return answer


def erase_person(person_id: str) -> Response:
    """POST /ops/people/{id}/erase: only once the id was typed, because it cannot be undone."""
    chosen = _chosen(person_id)
    if request.form.get("typed", "").strip() != person_id:
        abort(422, UNTYPED)
    connected = erasure.ask(runtime().services, chosen, actor=g.visitor.name)
    if connected is None:
        abort(404, NOBODY)
    runtime().actors.wake(*connected)
    return see(url_for("ops.person", person_id=person_id))


def _chosen(person_id: str) -> Person:
    if not _is_allowed():
        abort(403, LACKS)
    kinds = [kind for kind in KINDS if request.form.get("kind") == kind]
    if not kinds:
        abort(422, UNSAID)
    return Person(kinds[0], person_id)


def _is_allowed() -> bool:
    return g.role == "acting" and SCOPE in g.scopes
