"""Seats in a pod: taken, moved, and checked against its capacity and deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.mail import Kind
from domain.notices import Change
from domain.pod_formats import check_may_rebook, check_may_take_seat, check_seats
from domain.sessions import (
    Context,
    Participant,
    Refused,
    Session,
    Terms,
)
from storage.rows import bookings as booking_rows
from storage.rows import participant_times, sessions
from storage.slots import bookable
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions import late_changes, notices, overlaps, pod_groups
from storage.transactions.bookings import BookingChange, Changeable
from storage.transactions.pod_groups import Coaches

OTHER_PODS = 3


def take_seat(
    tx: Connection,
    pod_id: str,
    participant: Participant,
    context: Context,
    terms: Terms,
    *,
    assigned: bool = False,
    excused: bool = False,
    force: str | None = None,
) -> BookingChange:
    """A seat in a pod, if there is one and its format lets this person have it; in one of a group,
    a seat in the later ones too, or none. Raises Refused, Unknown.

    `excused`: no limit of the programme's counts, which none does for whom it assigns. `force`: why
    they get it though they are in another session then.
    """
    coaches, _ = pod_groups.lock_pod(tx, pod_id, terms)
    participant_times.lock(tx, [participant.id])
    seated = give_seats(
        tx,
        coaches,
        pod_id,
        participant,
        context,
        terms,
        assigned=assigned,
        excused=excused,
        force=force,
    )
    wake = pod_groups.owe(tx, coaches, terms, seated)
    return BookingChange(seated[0].booking, seated[0].session, wake)


def move_seat(
    tx: Connection,
    booking_id: str,
    pod_id: str,
    terms: Terms,
    *,
    expected: int | None = None,
    excused: bool = False,
    force: str | None = None,
) -> BookingChange:
    """Leave one pod for another in one step: the old seat is free and the new one taken, or
    neither. Shortly before the start it counts as leaving it would, see `bookings.rebook`.

    Raises Refused, Unknown.
    """
    target = sessions.get(tx, pod_id, what="pod")
    # The race: two people swap pods of two coaches, and each locks first what the other has. Both
    # lock in the same order.
    both = {target.coach_id, booking_rows.coach_of(tx, booking_id)}
    coaches = pod_groups.lock(tx, [target.group_id], both, terms)
    target = pod_groups.unmoved(target, sessions.get(tx, pod_id))
    standing = booking_transactions.stand(tx, booking_id, terms, expected=expected)
    left, before = standing.session, standing.booking
    if not left.pod:
        raise Refused(
            "not_a_pod", "This booking is a 1:1 session: send another start instead of a pod."
        )
    if left.id == pod_id:
        raise Refused("already_seated", "This participant is in that pod: choose another.")
    check_may_rebook(left, target)
    excused = excused or force is not None  # as a forced move of a 1:1 session is
    cost = late_changes.cost_of_move(tx, left, before, terms, excused=excused)
    who, coach = before.participant, coaches[target.coach_id]
    pod = _take(tx, coach, pod_id, who, terms)
    # The race: they take a seat in another group, under its own coach's lock. Looked up under
    # theirs, one of the two is seen by the other.
    participant_times.lock(tx, [who.id])
    _check_group(tx, pod, who)
    overlap = overlaps.check_seat(tx, coach, pod, who, terms, force=force, without=[left.id])
    sessions.give_seat(tx, left.id)
    if cost == "missed":
        return _seat_anew(tx, coaches, standing, pod, terms)
    booking = booking_transactions.moved(
        before, cost, terms, excused=excused, session_id=pod_id, overlap_reason=overlap
    ).timed(pod)
    booking_rows.put(tx, before, booking, pod.coach_id, excused=excused)
    moved = Change("rebooked", pod, booking, previous_starts=left.starts)
    more = _follow(tx, coaches, pod, who, before.context, terms, force)
    wake = pod_groups.owe(tx, coaches, terms, [moved, *more])
    # The coach of the pod that was left is not the one who is told that it moved.
    if left.coach_id != pod.coach_id:
        gone = Change("seat_left", left, booking, tells_participant=False)
        wake += notices.owe(tx, standing.coach, terms, [gone])
    return BookingChange(booking, pod, wake)


def _seat_anew(
    tx: Connection, coaches: Coaches, standing: Changeable, pod: Session, terms: Terms
) -> BookingChange:
    """A move that counts as missed: the seat that was left, and a new booking for the new one."""
    old = booking_transactions.moved(
        standing.booking, "missed", terms, excused=False, status="missed"
    )
    booking = booking_transactions.anew(old, pod, terms)
    booking_rows.put(tx, standing.booking, old, standing.coach.id)
    booking_rows.add(tx, booking, pod.coach_id)
    left = sessions.get(tx, standing.session.id)
    wake = notices.owe(tx, standing.coach, terms, [Change("missed", left, old)])
    more = _follow(tx, coaches, pod, old.participant, old.context, terms)
    wake += pod_groups.owe(tx, coaches, terms, [Change("booked", pod, booking), *more])
    return BookingChange(booking, pod, wake)


def give_seats(
    tx: Connection,
    coaches: Coaches,
    pod_id: str,
    participant: Participant,
    context: Context,
    terms: Terms,
    *,
    assigned: bool,
    excused: bool = False,
    force: str | None = None,
) -> list[Change]:
    """The seat, and those in the later pods of its group. The caller holds the locks of
    `pod_groups.lock`, and then the participant's.
    """
    coach = coaches[sessions.get(tx, pod_id, what="pod").coach_id]
    pod = _take(tx, coach, pod_id, participant, terms)
    check_may_take_seat(pod, assigned=assigned)
    if not assigned:
        _check_group(tx, pod, participant)
    if not assigned and not excused:
        late_changes.check_may_book(tx, context.within(pod.context), participant.id)
    seated = _seated(tx, coach, pod, participant, context, terms, force)
    return [seated, *_follow(tx, coaches, pod, participant, context, terms, force)]


def seat_members(
    tx: Connection,
    coach: Coach,
    pod: Session,
    others: Sequence[Participant],
    terms: Terms,
    force: str | None = None,
) -> list[Change]:
    """Seats for all who have one in another pod of its group; `others` are to have one besides, and
    are locked with them. Raises Refused where they do not fit.
    """
    members = []
    if pod.group_id is not None:
        members = pod_groups.members(tx, pod.group_id)
    expected = {who.id for who in others}.union(who.id for who, _ in members)
    participant_times.lock(tx, expected)
    if members:
        check_seats(pod.min_seats, pod.capacity, len(expected))
    seated = []
    for who, context in members:
        taken = _take(tx, coach, pod.id, who, terms)
        seated.append(_seated(tx, coach, taken, who, context, terms, force))
    return seated


def _follow(
    tx: Connection,
    coaches: Coaches,
    pod: Session,
    participant: Participant,
    context: Context,
    terms: Terms,
    force: str | None = None,
) -> list[Change]:
    """Seats in the pods of the group that come after this one: all of them, or Refused."""
    found = []
    for each in pod_groups.later(tx, pod, terms):
        # Whoever the programme assigned to a later pod before has that seat.
        if booking_rows.is_seated(tx, each.id, participant.id):
            continue
        coach = coaches[each.coach_id]
        try:
            taken = _take(tx, coach, each.id, participant, terms)
            found.append(_seated(tx, coach, taken, participant, context, terms, force))
        except Refused as why:
            raise pod_groups.without_room(tx, pod.group_id, why, each) from None
    return found


def _seated(
    tx: Connection,
    coach: Coach,
    pod: Session,
    who: Participant,
    context: Context,
    terms: Terms,
    force: str | None,
) -> Change:
    """Raises Refused for somebody who is in another session then."""
    overlap = overlaps.check_seat(tx, coach, pod, who, terms, force=force)
    booking = booking_rows.new(pod, who, context, terms)
    booking = replace(booking, overlap_reason=overlap)
    booking_rows.add(tx, booking, pod.coach_id)
    return Change("booked", pod, booking)


def _take(
    tx: Connection, coach: Coach, pod_id: str, participant: Participant, terms: Terms
) -> Session:
    """The pod with one seat more taken."""
    pod = sessions.get(tx, pod_id, what="pod")
    if not pod.active:
        raise Refused("pod_ended", "This pod was called off: choose another.", ended_as=pod.status)
    if pod.begun(terms.now):
        raise Refused("already_begun", "The pod has begun: choose another.", reason="past")
    # Under the coach's lock. Whoever came here without it the table's own index would refuse.
    if booking_rows.is_seated(tx, pod_id, participant.id):
        raise Refused("already_seated", "This participant has a seat in the pod already.")
    if not sessions.take_seat(tx, pod_id):
        raise _full(tx, coach, pod, terms)
    return sessions.get(tx, pod_id)


def _full(tx: Connection, coach: Coach, pod: Session, terms: Terms) -> Refused:
    others = sessions.pods_with_seats(
        tx, coach.id, around=pod.starts, now=terms.now, limit=OTHER_PODS
    )
    wanted = Wanted(coach.id, pod.starts, pod.minutes)
    listing = bookable.listing_of(tx, coach.id, terms)
    # The coach may have stopped to offer this duration: then no other start is like it.
    nearest: Sequence[int] = ()
    if pod.minutes in listing.slots.durations:
        nearest = bookable.nearest(listing, wanted, terms)
    detail = (
        f"All {pod.capacity} seats of this pod are taken: choose another pod, or one of the"
        " nearest open starts."
    )
    return Refused(
        "seats_full", detail, reason="full", nearest=nearest, pods=[other.id for other in others]
    )


def each_seat(
    tx: Connection,
    pod: Session,
    kind: Kind,
    terms: Terms,
    *,
    previous_starts: int | None = None,
    overlapping: Mapping[str, str | None] | None = None,
) -> list[Change]:
    """The same change for everyone who has a seat; the coach hears of it once. `overlapping`: why
    these participants are in two sessions then; None: as before.
    """
    status = "booked"
    if kind == "cancelled":
        status = "cancelled"
    found: list[Change] = []
    for booking in booking_rows.of_session(tx, pod.id):
        if booking.status == "booked":
            overlap = booking.overlap_reason
            if overlapping is not None:
                overlap = overlapping.get(booking.participant.id)
            changed = booking.changed(terms.now, status=status, overlap_reason=overlap)
            if kind == "rebooked":
                changed = changed.timed(pod)
            booking_rows.put(tx, booking, changed, pod.coach_id)
            found.append(Change(kind, pod, changed, previous_starts, tells_coach=not found))
    return found


def _check_group(tx: Connection, pod: Session, participant: Participant) -> None:
    """Whoever chose a hybrid_v2 pod is locked to its group."""
    if pod.format == "hybrid_v2":
        pod_groups.check_choice(tx, pod, participant.id)
