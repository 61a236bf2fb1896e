"""Withheld addresses over HTTP: seen, and taken off the list. An address comes in, and never goes
out.
"""

from flask import Response

from domain.sessions import Terms
from storage.rows import audit_log, withheld_addresses
from storage.rows.audit_log import Deed
from storage.rows.withheld_addresses import Withheld
from storage.schema.database import Tx
from webhooks.api.schemas.mail_texts import AddressIn, ReleasedOut, WithheldListOut, WithheldOut
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import iso

PATH = "/v1/withheld-addresses"


def show() -> WithheldListOut:
    """The addresses that nothing is sent to, the latest first: a mail server said that there is no
    such mailbox.
    """
    with runtime().services.database.read() as tx:
        found = withheld_addresses.find_all(tx)
    return WithheldListOut(withheld=list(map(_to_out, found)))


def release(withheld_id: str) -> Response:
    """Take an address off. Mails to it that are still true leave; the others end as superseded."""
    return _release(withheld_id, "withheld_id")


def release_address(body: AddressIn) -> Response:
    """Take an address off, named by itself."""
    return _release(body.address, "address")


def _to_out(found: Withheld) -> WithheldOut:
    return WithheldOut(
        id=found.id,
        reason=found.reason,
        reply=found.reply,
        since=iso(int(found.since.timestamp())),
        until=iso(int(found.until.timestamp())),
        recipient=found.role,
        coach_id=found.coach_id,
        booking_id=found.booking_id,
        waiting=found.waiting,
    )


def _release(which: str, field: str) -> Response:
    def work(tx: Tx, terms: Terms) -> WriteResult:
        released = withheld_addresses.release(tx, which, now=terms.now)
        if released is None:
            detail = f"It is not withheld, or not any more: GET {PATH} lists those that are."
            raise RefusedRequest("unknown_withheld_address", detail, field=field)
        deed = Deed(terms.now, asking().actor, "release", released.id, "over the API")
        audit_log.note(tx, deed)
        answer = ReleasedOut(
            id=released.id,
            leaving=len(released.wake),
            superseded=released.superseded,
        )
        return WriteResult(answer, wake=released.wake)

    return once(work)
