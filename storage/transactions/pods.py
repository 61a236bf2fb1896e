"""Pods: sessions of a small group. A seat is taken by the row itself;
a pod moves, or is called off, with all seats.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.hours import wall_clock
from domain.mail import Kind
from domain.notices import Change
from domain.places import Place
from domain.sessions import (
    NO_CONTEXT,
    Booking,
    Context,
    Format,
    Participant,
    Refused,
    Session,
    Terms,
)
from storage.rows import bookings as booking_rows
from storage.rows import places as place_rows
from storage.rows import sessions
from storage.rows.outbox_claims import Wake
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import holds, notices
from storage.transactions.pod_seats import check_deadline, check_seats, give_seat


@dataclass(frozen=True, slots=True)
class Plan:
    """A pod as it is wanted."""

    wanted: Wanted
    min_seats: int
    capacity: int
    format: Format
    deadline: datetime | None = None
    title: str | None = None
    context: Context = NO_CONTEXT
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What of a pod is to be another; None stays."""

    start: int | None = None
    duration: int | None = None
    min_seats: int | None = None
    capacity: int | None = None
    format: Format | None = None
    deadline: datetime | None = None
    title: str | None = None
    status: Literal["disabled"] | None = None
    force: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A pod as it is now, with everyone who has a seat, and what to wake senders for."""

    pod: Session
    seats: list[Booking]
    wake: list[Wake]


def create(
    tx: Connection,
    plan: Plan,
    participants: list[Participant],
    terms: Terms,
    *,
    hold_id: str | None = None,
) -> Made:
    """A pod at a time that is listed, or forced, with these participants assigned.
    Raises Refused, Unknown, Invalid.
    """
    wanted = plan.wanted
    check_plan(plan, len(participants))
    coach = bookable.lock(tx, wanted.coach_id, terms)
    forced = bookable.check(tx, coach, wanted, terms, without=holds.use(tx, hold_id, wanted))
    made = place(tx, coach, planned(coach, plan, terms, forced=forced), participants, terms)
    slot_sets.recompute(tx, coach, now=terms.now)
    return made


def place(
    tx: Connection, coach: Coach, pod: Session, participants: Sequence[Participant], terms: Terms
) -> Made:
    """The pod, written, with these participants assigned. Whoever calls holds the coach's lock,
    knows that the time is open, and says `slot_sets.recompute` in the end. Raises Invalid for a
    place that it may not have.
    """
    pod = replace(pod, place=place_rows.choose(tx, coach, pod.context, terms, pod.place))
    sessions.add(tx, pod)
    # One after the other: each takes its seat from the row, which has none too many.
    seated = [
        give_seat(tx, coach, pod.id, each, NO_CONTEXT, terms, assigned=True)
        for each in participants
    ]
    return _made(tx, pod.id, notices.owe(tx, coach, terms, seated, [pod]))


def check_plan(plan: Plan, participants: int) -> None:
    """Raises Invalid and Refused for a pod that could be had at no time."""
    check_seats(plan.min_seats, plan.capacity, participants)
    check_deadline(plan.deadline, plan.wanted.start)


def planned(coach: Coach, plan: Plan, terms: Terms, *, forced: str | None = None) -> Session:
    """The pod, as it would be written."""
    wanted = plan.wanted
    return Session(
        id=sessions.new_id(),
        coach_id=coach.id,
        kind="pod",
        starts=wanted.start,
        ends=wanted.end,
        gap=coach.gap,
        created_at=terms.now,
        force_reason=forced,
        capacity=plan.capacity,
        min_seats=plan.min_seats,
        format=plan.format,
        deadline=plan.deadline,
        title=plan.title,
        context=plan.context,
        place=plan.place,
        wall=wall_clock(coach.hours.zone, wanted.start),
    )


def change(
    tx: Connection, pod_id: str, changes: Changes, terms: Terms, *, expected: int | None = None
) -> Made:
    """Change a pod; who is in it is told when it moves or is called off.
    Raises Refused, Unknown, Invalid.
    """
    # Read twice: before the lock, to learn whose lock to take, and under it, because somebody may
    # have changed the pod while we waited.
    coach = bookable.lock(tx, sessions.get(tx, pod_id, what="pod").coach_id, terms)
    before = sessions.get(tx, pod_id, what="pod")
    if expected is not None and expected != before.version:
        detail = (
            f"The pod is at version {before.version} now: read it again, then repeat your change"
            " with that."
        )
        raise Refused("stale_version", detail, current=before.version)
    if not before.active:
        raise Refused(
            "pod_ended",
            "This pod was called off, and stays so: make a new one.",
            ended_as=before.status,
        )
    if before.begun(terms.now):
        raise Refused(
            "already_begun", "The pod has begun: report its attendance instead.", reason="past"
        )
    if changes.status == "disabled":
        return _call_off(tx, coach, before, terms)
    after = _changed(before, changes)
    check_seats(after.min_seats, after.capacity, after.taken)
    check_deadline(after.deadline, after.starts)
    # The time stays, so nobody is mailed; but the title stands in the coach's calendar too.
    if (before.starts, before.ends) == (after.starts, after.ends):
        sessions.put(tx, after)
        return _made(tx, pod_id, notices.owe(tx, coach, terms, moved=[after]))
    return _move(tx, coach, before, after, changes.force, terms)


def each_seat(
    tx: Connection, pod: Session, kind: Kind, terms: Terms, *, previous_starts: int | None = None
) -> list[Change]:
    """The same change for everyone who has a seat; the coach hears of it once."""
    status = "booked"
    if kind == "cancelled":
        status = "cancelled"
    found: list[Change] = []
    for booking in booking_rows.of_session(tx, pod.id):
        if booking.status == "booked":
            changed = booking.changed(terms.now, status=status)
            booking_rows.put(tx, changed)
            found.append(Change(kind, pod, changed, previous_starts, tells_coach=not found))
    return found


def _changed(before: Session, changes: Changes) -> Session:
    start, minutes = before.starts, before.minutes
    if changes.start is not None:
        start = changes.start
    if changes.duration is not None:
        minutes = changes.duration
    given = {}
    for name in ("min_seats", "capacity", "format", "deadline", "title"):
        value = getattr(changes, name)
        if value is not None:
            given[name] = value
    version = before.version + 1
    return replace(before, version=version, starts=start, ends=start + 60 * minutes, **given)


def _move(
    tx: Connection, coach: Coach, before: Session, after: Session, force: str | None, terms: Terms
) -> Made:
    # Without itself: a pod may move by a quarter of an hour, over the time that it has now.
    wanted = Wanted(coach.id, after.starts, after.minutes, force)
    forced = bookable.check(tx, coach, wanted, terms, without=(before.id,))
    # The gap of today: the coach may have set other buffers since it was made.
    wall = wall_clock(coach.hours.zone, after.starts)
    after = replace(
        after, force_reason=forced, gap=coach.gap, conflict_since=None, wall=wall, wall_moved=None
    )
    sessions.put(tx, after)
    slot_sets.recompute(tx, coach, now=terms.now)
    moved = each_seat(tx, after, "rebooked", terms, previous_starts=before.starts)
    return _made(tx, after.id, notices.owe(tx, coach, terms, moved, [after]))


def _call_off(tx: Connection, coach: Coach, before: Session, terms: Terms) -> Made:
    after = replace(
        before, active=False, status="disabled", version=before.version + 1, conflict_since=None
    )
    # Told as it was, with its seats; then the seats are gone.
    ended = each_seat(tx, after, "cancelled", terms)
    sessions.put(tx, replace(after, taken=0))
    slot_sets.recompute(tx, coach, now=terms.now)
    return _made(tx, after.id, notices.owe(tx, coach, terms, ended, [after]))


def _made(tx: Connection, pod_id: str, wake: list[Wake]) -> Made:
    return Made(sessions.get(tx, pod_id), booking_rows.of_session(tx, pod_id), wake)
