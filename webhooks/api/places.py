"""Where sessions are, over HTTP: of a company, project or cohort by default, and of one session."""

from typing import cast

from flask import Response

from domain import places as rules
from domain.errors import one_of
from domain.mail.choice import SCOPES, Scope
from domain.places import Place, Rule, kinds_of
from domain.sessions import Terms
from storage.rows import places
from storage.schema.database import Tx
from storage.transactions import session_places
from webhooks.api.schemas.booking_responses import place_out, session_out
from webhooks.api.schemas.places import PlaceChange, PlaceIn, PlacesIn, PlacesOut
from webhooks.http.context import runtime
from webhooks.http.entity_tags import expected_version
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.problems import RefusedRequest


def show(scope: str, scope_id: str) -> PlacesOut:
    """What is set for a company, project or cohort."""
    one_of("scope", scope, SCOPES)
    with runtime().services.database.read() as tx:
        found = places.get(tx, cast(Scope, scope), scope_id)
    if found is None:
        raise _nothing_set()
    return _to_out(found)


def put(scope: str, scope_id: str, body: PlacesIn) -> Response:
    """Set where new sessions of a company, project or cohort are, and which kinds they may have.

    Session overrides coach overrides cohort overrides project overrides company overrides the
    deployment. Each may only choose among the kinds that all others allow; a default that another
    forbids is passed over. Sessions that are booked stay where they are.
    """
    one_of("scope", scope, SCOPES)
    place = place_of(body.place)
    rule = Rule(cast(Scope, scope), scope_id, place, kinds_of(body.kinds))
    check_deployment(place)

    def work(tx: Tx, _: Terms) -> WriteResult:
        places.put(tx, rule)
        return WriteResult(_to_out(rule))

    return once(work)


def delete(scope: str, scope_id: str) -> Response:
    """Take it away: the next wider scope's counts again."""
    one_of("scope", scope, SCOPES)

    def work(tx: Tx, _: Terms) -> WriteResult:
        if not places.delete(tx, cast(Scope, scope), scope_id):
            raise _nothing_set()
        return WriteResult(None, 204)

    return once(work)


def change(session_id: str, body: PlaceChange) -> Response:
    """Hold a session or pod elsewhere.

    Everybody who has a seat is mailed, under the same event in their calendar. Send the `version`
    of the session that you saw.
    """
    require_key()
    wanted, expected = place_of(body.place), expected_version(body.version)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        made = session_places.change(tx, session_id, wanted, terms, expected=expected)
        return WriteResult(session_out(made.pod, made.seats, terms.now), 200, made.wake)

    return once(work)


def place_of(sent: PlaceIn | None) -> Place | None:
    """Raises Invalid, with the field."""
    if sent is None:
        return None
    return Place(sent.kind, sent.value)


def check_deployment(place: Place | None) -> None:
    """Raises Invalid for a default that could be chosen for no session here."""
    if place is not None:
        rules.check((runtime().settings.places,), place)


def _nothing_set() -> RefusedRequest:
    detail = "Nothing is set here: PUT a place or kinds, or leave it to the wider scope."
    return RefusedRequest("unknown_place", detail, field="scope_id")


def _to_out(rule: Rule) -> PlacesOut:
    kinds = None
    if rule.kinds is not None:
        kinds = list(rule.kinds)
    return PlacesOut(
        scope=cast(Scope, rule.scope),
        scope_id=rule.name,
        place=place_out(rule.place),
        kinds=kinds,
    )
