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
from domain.places import Place
from domain.pod_formats import check_deadline, check_seats
from domain.pod_groups import check_format
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
from storage.transactions import holds, notices, overlaps, pod_groups
from storage.transactions.pod_groups import Coaches
from storage.transactions.pod_seats import (
    each_seat,
    give_seats,
    seat_members,
)


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
    group_id: str | None = None
    """Of a hybrid_v2 pod; None: one of its own."""


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
    context: Context | None = None
    group_id: str | None = None
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
    plan = in_group(tx, plan, terms)
    coaches = pod_groups.lock(tx, [plan.group_id], [wanted.coach_id], terms)
    coach = coaches[wanted.coach_id]
    forced = bookable.check(tx, coach, wanted, terms, without=holds.use(tx, hold_id, wanted, terms))
    pod = planned(coach, plan, terms, forced=forced)
    made = place(tx, coaches, pod, participants, terms, wanted.force)
    slot_sets.recompute(tx, coach, now=terms.now)
    return made


def in_group(tx: Connection, plan: Plan, terms: Terms) -> Plan:
    """The plan with the group of its hybrid_v2 pod, which is there and locked from now on. Said
    before any coach is locked. Raises Refused for a group of other people.
    """
    if plan.format != "hybrid_v2":
        return plan
    group_id = pod_groups.begin(tx, plan.group_id, plan.title, plan.context, terms)
    return replace(plan, group_id=group_id)


def place(
    tx: Connection,
    coaches: Coaches,
    pod: Session,
    participants: Sequence[Participant],
    terms: Terms,
    force: str | None = None,
) -> Made:
    """The pod, written, with these participants assigned, and whoever is in its group. Whoever
    calls holds the locks of `pod_groups.lock`, knows that the time is open, and says
    `slot_sets.recompute` in the end. Raises Refused, and Invalid for a place that it may not have.
    """
    pod = replace(
        pod, place=place_rows.choose(tx, coaches[pod.coach_id], pod.context, terms, pod.place)
    )
    sessions.add(tx, pod)
    seated = seat_members(tx, coaches[pod.coach_id], pod, participants, terms, force)
    # One after the other: each takes its seat from the row, which has none too many.
    known = {change.booking.participant.id for change in seated}
    for each in participants:
        if each.id not in known:
            seated += give_seats(
                tx, coaches, pod.id, each, NO_CONTEXT, terms, assigned=True, force=force
            )
    return _made(tx, pod.id, pod_groups.owe(tx, coaches, terms, seated, [pod]))


def check_plan(plan: Plan, participants: int) -> None:
    """Raises Invalid and Refused for a pod that could be had at no time."""
    if plan.group_id is not None:
        check_format(plan.format)
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
        group_id=plan.group_id,
    )


def change(
    tx: Connection, pod_id: str, changes: Changes, terms: Terms, *, expected: int | None = None
) -> Made:
    """Change a pod; who is in it is told when it moves or is called off.
    Raises Refused, Unknown, Invalid.
    """
    # Read twice: before the lock, to learn whose lock to take, and under it, because somebody may
    # have changed the pod while we waited.
    seen = sessions.get(tx, pod_id, what="pod")
    changes = _in_group(tx, seen, changes, terms)
    coaches = pod_groups.lock(tx, [changes.group_id], [seen.coach_id], terms)
    coach = coaches[seen.coach_id]
    before = pod_groups.unmoved(seen, sessions.get(tx, pod_id, what="pod"))
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
    after = _grouped(tx, before, _changed(before, changes))
    check_seats(after.min_seats, after.capacity, after.taken)
    check_deadline(after.deadline, after.starts)
    wake = _put(tx, coach, before, after, changes.force, terms)
    if after.group_id not in (None, before.group_id):
        seated = seat_members(tx, coach, after, [], terms, changes.force)
        wake += pod_groups.owe(tx, coaches, terms, seated)
    return _made(tx, pod_id, wake)


def _in_group(tx: Connection, seen: Session, changes: Changes, terms: Terms) -> Changes:
    """The changes with the group that the pod is to be in, where that is to be another."""
    to_be_grouped = changes.format == "hybrid_v2" and seen.group_id is None
    if changes.group_id is None and not to_be_grouped:
        return changes
    title, context = changes.title or seen.title, changes.context or seen.context
    group_id = pod_groups.begin(tx, changes.group_id, title, context, terms)
    return replace(changes, group_id=group_id)


def _put(
    tx: Connection, coach: Coach, before: Session, after: Session, force: str | None, terms: Terms
) -> list[Wake]:
    # The time stays, so nobody is mailed; but the title stands in the coach's calendar too.
    if (before.starts, before.ends) == (after.starts, after.ends):
        sessions.put(tx, before, after, terms.now)
        return notices.owe(tx, coach, terms, moved=[after])
    return _move(tx, coach, before, after, force, terms)


def _grouped(tx: Connection, before: Session, after: Session) -> Session:
    """The pod with the group that it is in from now on. Raises Refused."""
    if after.format != "hybrid_v2":
        if after.group_id != before.group_id:
            check_format(after.format)
        return replace(after, group_id=None)
    if after.group_id != before.group_id:
        pod_groups.check_moves(tx, before, after)
    return after


def _changed(before: Session, changes: Changes) -> Session:
    start, minutes = before.starts, before.minutes
    if changes.start is not None:
        start = changes.start
    if changes.duration is not None:
        minutes = changes.duration
    given = {}
    for name in ("min_seats", "capacity", "format", "deadline", "title", "context", "group_id"):
        value = getattr(changes, name)
        if value is not None:
            given[name] = value
    version = before.version + 1
    return replace(before, version=version, starts=start, ends=start + 60 * minutes, **given)


def _move(
    tx: Connection, coach: Coach, before: Session, after: Session, force: str | None, terms: Terms
) -> list[Wake]:
    # Without itself: a pod may move by a quarter of an hour, over the time that it has now.
    wanted = Wanted(coach.id, after.starts, after.minutes, force)
    seated = booking_rows.seated(tx, before.id)
    times = overlaps.lock_times(tx, seated, terms, without=(before.id,))
    forced = bookable.check(
        tx, coach, wanted, terms, without=(before.id,), elsewhere=overlaps.all_of(times)
    )
    overlapping = overlaps.reasons(times, wanted)
    # The gap of today: the coach may have set other buffers since it was made.
    wall = wall_clock(coach.hours.zone, after.starts)
    after = replace(
        after, force_reason=forced, gap=coach.gap, conflict_since=None, wall=wall, wall_moved=None
    )
    sessions.put(tx, before, after, terms.now)
    slot_sets.recompute(tx, coach, now=terms.now)
    moved = each_seat(
        tx, after, "rebooked", terms, previous_starts=before.starts, overlapping=overlapping
    )
    return notices.owe(tx, coach, terms, moved, [after])


def _call_off(tx: Connection, coach: Coach, before: Session, terms: Terms) -> Made:
    after = replace(
        before, active=False, status="disabled", version=before.version + 1, conflict_since=None
    )
    # Told as it was, with its seats; then the seats are gone.
    ended = each_seat(tx, after, "cancelled", terms)
    sessions.put(tx, before, replace(after, taken=0), terms.now)
    slot_sets.recompute(tx, coach, now=terms.now)
    return _made(tx, after.id, notices.owe(tx, coach, terms, ended, [after]))


def _made(tx: Connection, pod_id: str, wake: list[Wake]) -> Made:
    return Made(sessions.get(tx, pod_id), booking_rows.of_session(tx, pod_id), wake)
