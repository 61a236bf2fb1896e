"""Mails that came back: what a participant's calendar program says of an invitation."""

from typing import cast

from flask import request

from domain.sessions import Unknown
from storage.transactions import invitation_answers
from webhooks.api.schemas.mail_replies import ReplyOut
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import PUSH_CAP, CappedRequest
from workers.mailer import invitation_replies

PATH = "/v1/mail-replies"
MAIL = "message/rfc822"


def take() -> ReplyOut:
    """Hand in a mail that came to the sender's address, as it is: what it answers to an invitation
    is kept with the booking, and shown to the coach.

    The same mail twice is one answer. A mail without a reply in it is refused, and changes nothing.
    """
    if request.mimetype != MAIL:
        detail = f"Send the mail itself as the body, as {MAIL}."
        raise RefusedRequest("wrong_content_type", detail, field="Content-Type")
    reply = invitation_replies.read(cast(CappedRequest, request).body(PUSH_CAP))
    if reply is None:
        detail = "The mail holds no calendar with METHOD:REPLY: hand in those that do."
        raise RefusedRequest("not_a_reply", detail, field="body")
    services = runtime().services
    with services.database.write() as tx:
        found = invitation_answers.keep(
            tx,
            reply.uid,
            sequence=reply.sequence,
            address=reply.address,
            answer=reply.answer,
            at=reply.at,
            now=services.now(),
        )
    if found is None:
        raise Unknown("booking", "of this invitation and this address")
    booking_id, kept = found
    return ReplyOut(booking_id=booking_id, answer=reply.answer, kept=kept)
