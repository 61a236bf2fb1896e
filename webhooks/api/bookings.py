"""Bookings over HTTP: a 1:1 session or a seat in a pod is booked, shown, moved and cancelled."""

from collections.abc import Sequence

from flask import Response

from domain.errors import Invalid
from domain.sessions import Context, Participant, Terms
from storage.rows import bookings as booking_rows
from storage.rows import sessions
from storage.schema.database import Tx
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions import pod_seats
from storage.transactions.bookings import BookingChange as Booked
from webhooks.api.places import place_of
from webhooks.api.schemas.booking_requests import (
    BookingIn,
    CancelIn,
    ContextIn,
    ForceIn,
    ParticipantIn,
    RebookIn,
)
from webhooks.api.schemas.booking_responses import BookingOut, booking_out
from webhooks.http.auth import asking, lacking, may
from webhooks.http.context import runtime
from webhooks.http.entity_tags import expected_version
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import check_zone, instant, instant_or_none

FORCE = ("bookings:force",)


def create(body: BookingIn) -> Response:
    """Book a time with a coach, or a seat in a pod.

    Accepted exactly when the time is listed. A refusal is 409 with the `reason` and the `nearest`
    open starts.
    """
    require_key()
    participant, context = participant_of(body.participant), context_of(body.context)
    pod_id, wanted, place = body.pod_id, _wanted(body), place_of(body.place)
    force = forced(body.force)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        if pod_id is not None:
            return answered(
                pod_seats.take_seat(tx, pod_id, participant, context, terms, force=force),
                terms,
                201,
            )
        assert wanted is not None  # noqa: S101 (without a pod there is a time: _wanted saw to it)
        booked = booking_transactions.book(
            tx, wanted, participant, context, terms, hold_id=body.hold_id, place=place
        )
        return answered(booked, terms, 201)

    return once(work)


def show(booking_id: str) -> BookingOut:
    """A booking as it is now."""
    services = runtime().services
    with services.database.read() as tx:
        booking = booking_rows.get(tx, booking_id)
        session = sessions.get(tx, booking.session_id)
    return booking_out(booking, session, services.now())


def rebook(booking_id: str, body: RebookIn) -> Response:
    """Move a 1:1 session to another time, or a seat to another pod.

    The old time opens and the new one closes together, or nothing changes. Send the `version` that
    you saw. Shortly before the start the move counts as a cancellation: the booking ends as missed,
    and the answer is a new one, which `replaces` it.
    """
    require_key()
    expected, force = expected_version(body.version), forced(body.force)
    excused = _excused(asked=body.excused)
    start = instant_or_none("start", body.start)
    if (start is None) == (body.pod_id is None):
        raise Invalid(
            "start", "start_or_pod", "Send start for a 1:1 session, or pod_id for a seat in a pod."
        )
    if body.pod_id is not None:
        _check_alone(body, ("duration", "hold_id"))

    def work(tx: Tx, terms: Terms) -> WriteResult:
        if body.pod_id is not None:
            changed = pod_seats.move_seat(
                tx,
                booking_id,
                body.pod_id,
                terms,
                expected=expected,
                excused=excused,
                force=force,
            )
            return answered(changed, terms)
        assert start is not None  # noqa: S101 (checked above: one of the two is there)
        moved = booking_transactions.rebook(
            tx,
            booking_id,
            start,
            terms,
            duration=body.duration,
            expected=expected,
            force=force,
            hold_id=body.hold_id,
            excused=excused,
        )
        return answered(moved, terms)

    return once(work)


def cancel(booking_id: str, body: CancelIn) -> Response:
    """Cancel a booking; shortly before its start it counts as missed instead.

    `status` in the answer says which: cancelled, or missed.
    """
    require_key()
    excused = _excused(asked=body.excused)
    expected = expected_version(body.version)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        return answered(
            booking_transactions.cancel(tx, booking_id, terms, expected=expected, excused=excused),
            terms,
        )

    return once(work)


def answered(booked: Booked, terms: Terms, status: int = 200) -> WriteResult:
    return WriteResult(booking_out(booked.booking, booked.session, terms.now), status, booked.wake)


def participant_of(sent: ParticipantIn) -> Participant:
    """Raises Invalid, with the field."""
    check_zone("participant.zone", sent.zone)
    return Participant(**sent.model_dump())


def context_of(sent: ContextIn) -> Context:
    return Context(**sent.model_dump())


def forced(sent: ForceIn | None) -> str | None:
    """The reason of a forced write. Raises Refused for a key that may not force."""
    if sent is None:
        return None
    if not may(asking(), FORCE):
        raise lacking(FORCE, field="force")
    return sent.reason


def _excused(*, asked: bool) -> bool:
    """Raises Refused for a key that may not excuse."""
    if asked and not may(asking(), FORCE):
        raise lacking(FORCE, field="excused")
    return asked


def _wanted(body: BookingIn) -> Wanted | None:
    """The time of a 1:1 session; None for a seat. Raises Refused and Invalid for neither, both, or
    half of one.
    """
    if body.pod_id is not None:
        _check_alone(body, ("coach_id", "start", "duration", "hold_id", "place"))
        return None
    if body.coach_id is None:
        raise _lacks("coach_id")
    if body.start is None:
        raise _lacks("start")
    if body.duration is None:
        raise _lacks("duration")
    return Wanted(body.coach_id, instant("start", body.start), body.duration, forced(body.force))


def _check_alone(body: BookingIn | RebookIn, others: Sequence[str]) -> None:
    """Raises Invalid for what cannot be asked of a pod."""
    for name in others:
        if getattr(body, name) is not None:
            detail = "A pod has its own coach, time and place: send pod_id without them."
            raise Invalid(name, "time_or_pod", detail)


def _lacks(name: str) -> RefusedRequest:
    return RefusedRequest("missing", f"Send {name}, or pod_id for a seat in a pod.", field=name)
