"""What late changes cost, and how many changes there may be, over HTTP: set, shown, taken away, per
company, project or cohort.
"""

from dataclasses import asdict
from typing import cast

from flask import Response

from domain.change_rules import ChangeRules
from domain.errors import one_of
from domain.mail.choice import SCOPES, Scope
from domain.sessions import Terms
from storage.rows import change_rules
from storage.schema.database import Tx
from webhooks.api.schemas.change_rules import ChangeRulesIn, ChangeRulesOut
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once
from webhooks.http.problems import RefusedRequest


def show(scope: str, scope_id: str) -> ChangeRulesOut:
    """What is set here, without what a wider scope sets."""
    with runtime().services.database.read() as tx:
        found = change_rules.get(tx, _scope(scope), scope_id)
    if found is None:
        raise _nothing_set()
    return _to_out(found)


def put(scope: str, scope_id: str, body: ChangeRulesIn) -> Response:
    """Set what a late change costs here, and how many rebookings and missed sessions are allowed.

    Each figure counts by itself: cohort before project before company. It holds for bookings that
    there are, too. A key with the scope bookings:force passes every limit, by `excused` or `force`;
    `most_missed` of a seat in a pod, which takes neither, by `assigned` of POST
    /v1/pods/{pod_id}/seats alone.
    """
    rules = ChangeRules(_scope(scope), scope_id, **body.model_dump())

    def work(tx: Tx, _: Terms) -> WriteResult:
        change_rules.put(tx, rules)
        return WriteResult(_to_out(rules))

    return once(work)


def delete(scope: str, scope_id: str) -> Response:
    """Take it away: what the next wider scope sets counts again, or the deployment's."""
    place = _scope(scope)

    def work(tx: Tx, _: Terms) -> WriteResult:
        if not change_rules.delete(tx, place, scope_id):
            raise _nothing_set()
        return WriteResult(None, 204)

    return once(work)


def _scope(scope: str) -> Scope:
    """Raises Invalid."""
    return cast(Scope, one_of("scope", scope, SCOPES))


def _nothing_set() -> RefusedRequest:
    detail = "Nothing is set here: PUT it first, or leave it to the wider scope."
    return RefusedRequest("unknown_change_rule", detail, field="scope_id")


def _to_out(rules: ChangeRules) -> ChangeRulesOut:
    return ChangeRulesOut(**asdict(rules))
