"""Pods over HTTP: sessions of a small group, and the seats in them."""

from typing import Literal

from flask import Response

from domain.sessions import Terms, Unknown
from storage.rows import bookings, pod_groups, sessions
from storage.schema.database import Tx
from storage.slots.bookable import Wanted
from storage.transactions import pod_seats, pods
from storage.transactions.pods import Changes, Made, Plan
from webhooks.api.bookings import answered, context_of, forced, participant_of
from webhooks.api.places import place_of
from webhooks.api.schemas.booking_requests import PodChange, PodIn, SeatIn
from webhooks.api.schemas.booking_responses import GroupOut, SessionOut, group_out, session_out
from webhooks.http.context import runtime
from webhooks.http.deprecated import deprecate
from webhooks.http.entity_tags import expected_version
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.times import instant, instant_or_none, moment


def create(body: PodIn) -> Response:
    """Make a pod at any open time of the coach's.

    A hybrid_v2 pod that names a group is one of its pods: whoever is in the group gets a seat, and
    is mailed.
    """
    require_key()
    plan = Plan(
        Wanted(body.coach_id, instant("start", body.start), body.duration, forced(body.force)),
        min_seats=body.min_seats,
        capacity=body.max_seats,
        format=body.format,
        deadline=moment("deadline", body.deadline),
        title=body.title,
        context=context_of(body.context),
        place=place_of(body.place),
        group_id=body.group_id,
    )
    participants = list(map(participant_of, body.participants))

    def work(tx: Tx, terms: Terms) -> WriteResult:
        return _answered(
            pods.create(tx, plan, participants, terms, hold_id=body.hold_id), terms, 201
        )

    return once(work)


def show(pod_id: str) -> SessionOut:
    """A pod, with everyone who has or had a seat."""
    services = runtime().services
    with services.database.read() as tx:
        pod = sessions.get(tx, pod_id, what="pod")
        taken = bookings.of_session(tx, pod_id)
    return session_out(pod, taken, services.now())


def show_group(group_id: str) -> GroupOut:
    """A group's pods in order, with everyone who has or had a seat; not those called off."""
    services = runtime().services
    with services.database.read() as tx:
        group = pod_groups.get(tx, group_id)
        if group is None:
            raise Unknown("group", group_id)
        found = sessions.of_group(tx, group_id)
        seats = bookings.of_sessions(tx, [pod.id for pod in found])
    now = services.now()
    shown = []
    for pod in found:
        shown.append(session_out(pod, seats[pod.id], now))
    return group_out(group, shown)


def change(pod_id: str, body: PodChange) -> Response:
    """Move a pod, change its seats, or call it off.

    Everyone who has a seat is told when it moves or is called off. Send the `version` that you saw.
    """
    require_key()
    changes = Changes(
        start=instant_or_none("start", body.start),
        duration=body.duration,
        min_seats=body.min_seats,
        capacity=body.max_seats,
        format=body.format,
        deadline=moment("deadline", body.deadline),
        title=body.title,
        group_id=body.group_id,
        status=_called_off(body),
        force=forced(body.force),
    )
    expected = expected_version(body.version)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        return _answered(pods.change(tx, pod_id, changes, terms, expected=expected), terms)

    return once(work)


def _called_off(body: PodChange) -> Literal["disabled"] | None:
    if body.status is None:
        return None
    if body.status == "disabled":
        deprecate()
    return "disabled"


def take_seat(pod_id: str, body: SeatIn) -> Response:
    """Take a seat in a pod, as its format allows.

    In the first pod of a group it is a seat in each of the group's pods, or none. When all are
    taken, the 409 names the `nearest` open starts of the coach and other `pods` with seats left.
    """
    require_key()
    participant, context = participant_of(body.participant), context_of(body.context)
    force = forced(body.force)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        seat = pod_seats.take_seat(
            tx, pod_id, participant, context, terms, assigned=body.assigned, force=force
        )
        return answered(seat, terms, 201)

    return once(work)


def _answered(made: Made, terms: Terms, status: int = 200) -> WriteResult:
    return WriteResult(session_out(made.pod, made.seats, terms.now), status, made.wake)
