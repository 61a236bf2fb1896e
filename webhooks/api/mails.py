"""A booking's mails over HTTP: what became of each, and one more of them at once."""

from typing import Any, cast

from flask import Response

from domain.errors import one_of
from domain.mail import KINDS, Kind
from domain.sessions import Terms
from storage.rows import bookings, outbox
from storage.schema.database import Tx
from storage.transactions import send_now
from webhooks.api.schemas.mail_texts import MailOut, MailsOut, SendingOut
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.times import iso, iso_or_none


def show(booking_id: str) -> MailsOut:
    """The mails of a booking and what became of each, the oldest first."""
    with runtime().services.database.read() as tx:
        bookings.get(tx, booking_id)
        rows = outbox.of_booking(tx, booking_id)
    return MailsOut(booking_id=booking_id, mails=list(map(_to_out, rows)))


def send(booking_id: str, kind: str) -> Response:
    """Send a mail to the participant once more, now: one for each Idempotency-Key.

    Only a mail that is true of the booking as it is; `fitting` in the refusal names those.
    """
    one_of("kind", kind, KINDS)
    nonce = f"{asking().client_id} {require_key()}"

    def work(tx: Tx, terms: Terms) -> WriteResult:
        sending = send_now.send_now(tx, booking_id, cast(Kind, kind), nonce, terms)
        return WriteResult(SendingOut(outbox_id=sending.id, state=sending.state), 202, sending.wake)

    return once(work)


def _to_out(row: Any) -> MailOut:
    return MailOut(
        id=row.id,
        kind=row.topic,
        recipient=row.payload["recipient"]["role"],
        version=row.version,
        state=row.state,
        due_at=iso(int(row.due_at.timestamp())),
        sent_at=iso_or_none(row.sent_at),
        attempts=row.attempts,
        last_error=row.last_error,
    )
