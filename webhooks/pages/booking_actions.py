"""What is done on the booking page: book, move, cancel; make a group, join, leave, change or call
it off.

Each form carries a key of its own: sent twice, it is done once, and both are shown the same.
"""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import cast

from flask import Response, abort, request, url_for

from domain.errors import one_of, whole_number
from domain.sessions import FORMATS, Format, Refused, Terms
from storage.rows import idempotency
from storage.rows.idempotency import KeyReused, StoredAnswer
from storage.schema.database import Tx
from storage.schema.outages import run_again_once
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pod_seats, pods
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Changes, Made, Plan
from webhooks.api.schemas.booking_requests import MOST_SEATS
from webhooks.http.context import runtime
from webhooks.http.page_security import SEE_OTHER, see
from webhooks.http.page_sessions import guest, keep
from webhooks.http.permissions import May
from webhooks.pages import kept
from webhooks.pages.booking import coming, had, have_page
from webhooks.pages.booking_query import Mine, choice, forced, line, mine, start_chosen, who
from webhooks.pages.groups import for_us, hosted
from webhooks.pages.refused import refused_page
from webhooks.pages.seals import was_shown_open

CLIENT = kept.CLIENT
CONFLICT = 409
TIMES = ("slot_not_open", "participant_elsewhere")
"""What is refused for its time: another one may be had."""
KEY = re.compile(r"[\w-]{16,64}", re.ASCII)


def book_now() -> Response:
    """POST /book: the time that was confirmed."""
    start, force = start_chosen(), forced()

    def work(tx: Tx, terms: Terms) -> BookingChange:
        wanted = Wanted(guest().coach_id, start, choice(tx, terms).duration, force)
        kept.give_back(tx, terms)
        return bookings.book(
            tx, wanted, who(), guest().context, terms, excused=guest().may(May.pass_limits)
        )

    return _once(work)


def book_move(booking_id: str) -> Response:
    """POST /book/bookings/{id}/move: to the time that was confirmed."""
    start, force = start_chosen(), forced()

    def work(tx: Tx, terms: Terms) -> BookingChange:
        mine(tx, booking_id)
        duration = choice(tx, terms).duration
        kept.give_back(tx, terms)
        return bookings.rebook(
            tx,
            booking_id,
            start,
            terms,
            duration=duration,
            expected=_version(),
            force=force,
            excused=guest().may(May.pass_limits),
        )

    return _once(work)


def book_cancel(booking_id: str) -> Response:
    """POST /book/bookings/{id}/cancel: gives up a session, or a seat in a group."""
    excused = "excused" in request.form
    if excused and not guest().may(May.excuse):
        abort(404, "not_here")

    def work(tx: Tx, terms: Terms) -> BookingChange:
        mine(tx, booking_id)
        return bookings.cancel(tx, booking_id, terms, expected=_version(), excused=excused)

    return _once(work)


def book_join(pod_id: str) -> Response:
    """POST /book/groups/{id}/join"""

    def work(tx: Tx, terms: Terms) -> BookingChange:
        pod, here = for_us(tx, pod_id), guest()
        return pod_seats.take_seat(
            tx,
            pod.id,
            who(),
            here.context,
            terms,
            assigned=here.may(May.assign),
            excused=here.may(May.pass_limits),
        )

    return _once(work)


def book_change_group(booking_id: str) -> Response:
    """POST /book/bookings/{id}/group: a seat in another group instead."""

    def work(tx: Tx, terms: Terms) -> BookingChange:
        mine(tx, booking_id)
        pod = for_us(tx, request.form.get("pod", ""))
        return pod_seats.move_seat(
            tx,
            booking_id,
            pod.id,
            terms,
            expected=_version(),
            excused=guest().may(May.pass_limits),
        )

    return _once(work)


def book_make_group() -> Response:
    """POST /book/groups: at the time that was confirmed, in the context of the link."""
    start, force, title = start_chosen(), forced(), line("title")
    least, most = _seats("min_seats"), _seats("max_seats")
    format_ = cast(Format, one_of("format", request.form.get("format"), FORMATS))

    def work(tx: Tx, terms: Terms) -> Made:
        wanted = Wanted(guest().coach_id, start, choice(tx, terms).duration, force)
        plan = Plan(wanted, least, most, format_, title=title, context=guest().context)
        return pods.create(tx, plan, [], terms)

    return _once(work)


def book_call_off(pod_id: str) -> Response:
    """POST /book/groups/{id}/off: everybody in it is told."""

    def work(tx: Tx, terms: Terms) -> Made:
        hosted(tx, pod_id)
        return pods.change(tx, pod_id, Changes(status="disabled"), terms, expected=_version())

    return _once(work)


ROUTES = (
    ("POST", "/book", book_now),
    ("POST", "/book/bookings/<booking_id>/move", book_move),
    ("POST", "/book/bookings/<booking_id>/cancel", book_cancel),
    ("POST", "/book/bookings/<booking_id>/group", book_change_group),
    ("POST", "/book/groups", book_make_group),
    ("POST", "/book/groups/<pod_id>/join", book_join),
    ("POST", "/book/groups/<pod_id>/off", book_call_off),
)


def _once(work: Callable[[Tx, Terms], BookingChange | Made]) -> Response:
    """Do it, and show what became of it; what was done under this form's key before is shown, and
    not done again.
    """
    return run_again_once(lambda: _tried(work))


def _tried(work: Callable[[Tx, Terms], BookingChange | Made]) -> Response:
    services = runtime().services
    terms, key = services.terms(), _key()
    try:
        with services.database.write() as tx:
            keep(tx)
            known = idempotency.begin(tx, CLIENT, key, _digest(), now=terms.now)
            if known is not None:
                return _shown(known.document)
            done = work(tx, terms)
            changed = _id_of(done)
            idempotency.remember(tx, CLIENT, key, StoredAnswer.of(SEE_OTHER, changed))
    except KeyReused:
        abort(403, "foreign_form")
    except Refused as refusal:
        return _refused(refusal, terms)
    runtime().actors.wake_outbox(done.wake)
    return _shown(changed)


def _refused(refusal: Refused, terms: Terms) -> Response:
    """What was wanted may be there already, made by another form of the same person's."""
    with runtime().services.database.read() as tx:
        theirs = coming(tx, terms)
        own = _had(theirs)
        if own is not None:
            return have_page(own, CONFLICT)
        if refusal.code not in TIMES:
            return refused_page(refusal.code, lost=refusal.code == "seats_full")
        chosen = choice(tx, terms)
    lost = False
    if refusal.reason in ("session", "hold"):
        lost = _taken_by_another(theirs, start_chosen(), chosen.duration)
    return refused_page(refusal.code, refusal.nearest, chosen, refusal.reason, lost=lost)


def _id_of(done: BookingChange | Made) -> str:
    """Of the pod, or of the booking."""
    if isinstance(done, Made):
        return done.pod.id
    return done.booking.id


def _had(theirs: Sequence[Mine]) -> Mine | None:
    """The one that this form would make: at its time, or a seat in its group."""
    pod_id = (request.view_args or {}).get("pod_id") or request.form.get("pod")
    if pod_id:
        return _in_group(theirs, pod_id)
    start = request.form.get("start", type=int)
    minutes = request.form.get("duration", type=int)
    if start is None or minutes is None:
        return None
    return had(theirs, Wanted(guest().coach_id, start, minutes))


def _in_group(theirs: Sequence[Mine], pod_id: str) -> Mine | None:
    for it in theirs:
        if it.session.id == pod_id:
            return it
    return None


def _taken_by_another(theirs: Sequence[Mine], start: int, minutes: int) -> bool:
    """Since it was shown as open, and not by a session of the participant's own."""
    end = start + 60 * minutes
    met = any(it.session.starts < end and start < it.session.ends for it in theirs)
    return was_shown_open(start) and not met


def _shown(changed: str) -> Response:
    """The page of the booking, or of the group, with this id."""
    zone = request.form.get("zone") or None
    if changed.startswith("ses_"):
        return see(url_for("pages.book_group", pod_id=changed, zone=zone))
    return see(url_for("pages.book_booking", booking_id=changed, zone=zone))


def _seats(name: str) -> int:
    """Raises Invalid."""
    return whole_number(name, request.form.get(name, type=int), 1, MOST_SEATS)


def _version() -> int:
    """The version of the booking, or group, that the form was made from."""
    version = request.form.get("version", type=int)
    if version is None:
        abort(422, "not_understood")
    return version


def _key() -> str:
    """The form's own key, for this deed: buttons of one form lead to several."""
    key = request.form.get("key", "")
    if not KEY.fullmatch(key):
        abort(422, "not_understood")
    return blake2b(f"{request.path} {key}".encode(), digest_size=24).hexdigest()


def _digest() -> bytes:
    """What was asked, and by whom."""
    here = guest()
    participant_id = here.participant_id or ""
    fields = [f"{name}={value}" for name, value in sorted(request.form.items())]
    asked = [here.viewer, here.coach_id, participant_id, *fields]
    return blake2b("\0".join(asked).encode(), digest_size=32).digest()
