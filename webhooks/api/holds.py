"""Holds over HTTP: a time kept while somebody fills a form."""

from flask import Response, request

from domain.sessions import Terms
from storage.schema.database import Tx
from storage.slots.bookable import Wanted
from storage.transactions import holds
from webhooks.api.schemas.booking_requests import HoldIn
from webhooks.api.schemas.booking_responses import hold_out
from webhooks.http.auth import asking
from webhooks.http.context import parts
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.times import instant


def create(body: HoldIn) -> Response:
    """Hold a time for some minutes.

    It is closed to everybody else; a booking that names the hold gets it. It ends by itself.
    """
    require_key()
    parts().limits.hold(request.environ, asking().client_id, body.owner)
    wanted = Wanted(body.coach_id, instant("start", body.start), body.duration)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        return WriteResult(hold_out(holds.hold(tx, wanted, body.owner, body.minutes, terms)), 201)

    return once(work)


def release(hold_id: str) -> Response:
    """Give a held time back before the hold ends."""

    def work(tx: Tx, terms: Terms) -> WriteResult:
        holds.release(tx, hold_id, terms)
        return WriteResult(None, 204)

    return once(work)
