"""What a participant does on the booking page: book, move, cancel; join a group, leave it, change it for another.

Each form carries a key of its own: sent twice, it is done once, and both are shown the same.
"""

import re
from collections.abc import Callable
from hashlib import blake2b

from flask import Response, abort, request, url_for

from domain.sessions import Refused, Terms
from storage import bookings, idempotency, pods
from storage.bookings import Done
from storage.idempotency import Answer, KeyReused
from storage.openings import Wanted
from webhooks.browsers import SEE_OTHER, see
from webhooks.pages.booking import group, refused_page
from webhooks.pages.choices import Tx, choice, mine, start_chosen, who
from webhooks.pages.guests import guest
from webhooks.wiring import runtime

CLIENT = "pages"
KEY = re.compile(r"[\w-]{16,64}", re.ASCII)


def book_now() -> Response:
    """POST /book: the time that was confirmed."""
    start = start_chosen()

    def work(tx: Tx, terms: Terms) -> Done:
        wanted = Wanted(guest().coach_id, start, choice(tx, terms).duration)
        return bookings.book(tx, wanted, who(), guest().context, terms)

    return _once(work)


def book_move(booking_id: str) -> Response:
    """POST /book/bookings/{id}/move: to the time that was confirmed."""
    start = start_chosen()

    def work(tx: Tx, terms: Terms) -> Done:
        mine(tx, booking_id)
        duration = choice(tx, terms).duration
        return bookings.rebook(tx, booking_id, start, terms, duration=duration, expected=_version())

    return _once(work)


def book_cancel(booking_id: str) -> Response:
    """POST /book/bookings/{id}/cancel: gives up a session, or a seat in a group."""

    def work(tx: Tx, terms: Terms) -> Done:
        mine(tx, booking_id)
        return bookings.cancel(tx, booking_id, terms, expected=_version())

    return _once(work)


def book_join(pod_id: str) -> Response:
    """POST /book/groups/{id}/join"""

    def work(tx: Tx, terms: Terms) -> Done:
        pod = group(tx, pod_id)
        return pods.take_seat(tx, pod.id, who(), guest().context, terms)

    return _once(work)


def book_change_group(booking_id: str) -> Response:
    """POST /book/bookings/{id}/group: a seat in another group instead."""

    def work(tx: Tx, terms: Terms) -> Done:
        mine(tx, booking_id)
        pod = group(tx, request.form.get("pod", ""))
        return pods.move_seat(tx, booking_id, pod.id, terms, expected=_version())

    return _once(work)


ROUTES = (
    ("POST", "/book", book_now),
    ("POST", "/book/bookings/<booking_id>/move", book_move),
    ("POST", "/book/bookings/<booking_id>/cancel", book_cancel),
    ("POST", "/book/bookings/<booking_id>/group", book_change_group),
    ("POST", "/book/groups/<pod_id>/join", book_join),
)


def _once(work: Callable[[Tx, Terms], Done]) -> Response:
    """Do it, and show the booking; what was done under this form's key before is shown, and not done again."""
    services = runtime().services
    terms, key = services.terms(), request.form.get("key", "")
    if not KEY.fullmatch(key):
        abort(422, "not_understood")
    try:
        with services.database.write() as tx:
            known = idempotency.begin(tx, CLIENT, key, _digest(), now=terms.now)
            if known is not None:
                return _shown(known.body.decode())
            done = work(tx, terms)
            idempotency.remember(tx, CLIENT, key, Answer(SEE_OTHER, done.booking.id.encode()))
    except KeyReused:
        abort(403, "foreign_form")
    except Refused as refusal:
        return _refused(refusal, terms)
    runtime().actors.wake_outbox(done.wake)
    return _shown(done.booking.id)


def _refused(refusal: Refused, terms: Terms) -> Response:
    """Its reason is not for participants."""
    if refusal.code != "slot_not_open":
        return refused_page(refusal.code)
    with runtime().services.database.read() as tx:
        return refused_page(refusal.code, refusal.nearest, choice(tx, terms))


def _shown(booking_id: str) -> Response:
    zone = request.form.get("zone") or None
    return see(url_for("pages.book_booking", booking_id=booking_id, zone=zone))


def _version() -> int:
    """The version of the booking that the form was made from."""
    version = request.form.get("version", type=int)
    if version is None:
        abort(422, "not_understood")
    return version


def _digest() -> bytes:
    """What was asked, and by whom."""
    asked = [
        guest().coach_id,
        who().id,
        request.path,
        *(f"{name}={value}" for name, value in sorted(request.form.items())),
    ]
    return blake2b("\0".join(asked).encode(), digest_size=32).digest()
