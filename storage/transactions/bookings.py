"""Booking, rebooking, cancelling: each one transaction that changes session, seat, slot set and
outbox together.

Every one of them takes the coach's lock first, so that what it read is still so when it writes; on
PostgreSQL the constraint `no_overlap`, on SQLite a trigger, would stop whoever did not.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection

from domain.change_rules import MoveCost
from domain.coaches import Coach
from domain.hours import wall_clock
from domain.mail import Kind
from domain.notices import Change
from domain.places import Place
from domain.sessions import (
    Booking,
    Context,
    Participant,
    Refused,
    Session,
    SessionStatus,
    Terms,
    check_open_to_change,
)
from storage.rows import bookings, places, sessions
from storage.rows.outbox_claims import Wake
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import holds, late_changes, notices, overlaps, pod_groups
from storage.transactions.pod_groups import Coaches


@dataclass(frozen=True, slots=True)
class BookingChange:
    """A booking as it is now, its session, and what to wake senders for once this is committed."""

    booking: Booking
    session: Session
    wake: list[Wake]


@dataclass(frozen=True, slots=True)
class Changeable:
    """A booking that may be changed, its session, and their coach, locked."""

    coach: Coach
    session: Session
    booking: Booking


def book(
    tx: Connection,
    wanted: Wanted,
    participant: Participant,
    context: Context,
    terms: Terms,
    *,
    hold_id: str | None = None,
    place: Place | None = None,
    excused: bool = False,
) -> BookingChange:
    """A 1:1 session at a time that is listed, or forced; `place` None: where the coach, or the
    programme, has its sessions. Raises Refused, Unknown and Invalid.

    `excused`: no limit of the programme's counts; nor does one for whoever may force.
    """
    # In a rush for one time all but the first would queue for the coach's lock to hear that it is
    # gone. It is looked at without the lock first, and decided under it.
    if hold_id is None and wanted.force is None:
        bookable.turn_away(tx, wanted, terms)
    coach = bookable.lock(tx, wanted.coach_id, terms)
    if not excused and wanted.force is None:
        late_changes.check_may_book(tx, context, participant.id)
    used = holds.use(tx, hold_id, wanted, terms)
    times = overlaps.lock_times(tx, [participant.id], terms)
    forced = bookable.check(
        tx, coach, wanted, terms, without=used, elsewhere=overlaps.all_of(times)
    )
    session = Session(
        id=sessions.new_id(),
        coach_id=coach.id,
        kind="one_to_one",
        starts=wanted.start,
        ends=wanted.end,
        gap=coach.gap,
        created_at=terms.now,
        status="booked",
        force_reason=forced,
        taken=1,
        context=context,
        wall=wall_clock(coach.hours.zone, wanted.start),
        place=places.choose(tx, coach, context, terms, place),
    )
    booking = bookings.new(session, participant, context, terms)
    booking = replace(booking, overlap_reason=overlaps.reason(times, participant.id, wanted))
    # Written first: the set is made of what stands in the tables.
    sessions.add(tx, session)
    bookings.add(tx, booking, coach.id, excused=excused)
    slot_sets.recompute(tx, coach, now=terms.now)
    return BookingChange(
        booking,
        session,
        notices.owe(tx, coach, terms, [Change("booked", session, booking)], [session]),
    )


def rebook(
    tx: Connection,
    booking_id: str,
    start: int,
    terms: Terms,
    *,
    duration: int | None = None,
    expected: int | None = None,
    force: str | None = None,
    hold_id: str | None = None,
    excused: bool = False,
) -> BookingChange:
    """Move a 1:1 session to another time of its coach's; it does not collide with itself.

    Shortly before the start it counts as a cancellation would: unless it is excused, forced or
    free, the booking ends as missed, and the answer is another one. Raises Refused, Unknown and
    Invalid; then the old time stays as it was.
    """
    standing = stand(tx, booking_id, terms, expected=expected)
    coach, before = standing.coach, standing.session
    if before.pod:
        detail = "A seat moves to another pod, not to another time: send pod_id."
        raise Refused("seat_has_no_time", detail)
    wanted = Wanted(coach.id, start, duration or before.minutes, force)
    holds.use(tx, hold_id, wanted, terms)
    # It is there already: nobody needs to be told.
    if (wanted.start, wanted.end) == (before.starts, before.ends):
        return BookingChange(standing.booking, before, [])
    # Another length at the same start moves nobody.
    excused = excused or force is not None or wanted.start == before.starts
    cost = late_changes.cost_of_move(tx, before, standing.booking, terms, excused=excused)
    who = standing.booking.participant.id
    times = overlaps.lock_times(tx, [who], terms, without=(before.id,))
    forced = bookable.check(
        tx, coach, wanted, terms, without=(before.id,), elsewhere=overlaps.all_of(times)
    )
    overlap = overlaps.reason(times, who, wanted)
    # Out of every conflict: an open time has none, and a forced one is where somebody wanted it.
    session = replace(
        before,
        starts=wanted.start,
        ends=wanted.end,
        gap=coach.gap,
        version=before.version + 1,
        force_reason=forced,
        conflict_since=None,
        wall=wall_clock(coach.hours.zone, wanted.start),
        wall_moved=None,
    )
    if cost == "missed":
        return _book_anew(tx, standing, session, terms)
    booking = moved(standing.booking, cost, terms, excused=excused, overlap_reason=overlap)
    booking = booking.timed(session)
    sessions.put(tx, before, session, terms.now)
    bookings.put(tx, standing.booking, booking, coach.id, excused=excused)
    slot_sets.recompute(tx, coach, now=terms.now)
    change = Change("rebooked", session, booking, previous_starts=before.starts)
    return BookingChange(booking, session, notices.owe(tx, coach, terms, [change], [session]))


def moved(
    booking: Booking, cost: MoveCost, terms: Terms, *, excused: bool, **changes: Any
) -> Booking:
    """The booking after its move, which counts unless somebody excused it."""
    moves, late_moves = booking.moves, booking.late_moves
    if not excused:
        moves += 1
    if cost == "a_free_move":
        late_moves += 1
    return booking.changed(terms.now, moves=moves, late_moves=late_moves, **changes)


def anew(old: Booking, session: Session, terms: Terms) -> Booking:
    """The booking that stands in place of one which was moved too late: with a UID of its own,
    because calendars take the old event away.
    """
    booking = bookings.new(session, old.participant, old.context, terms)
    return replace(booking, replaces=old.id)


def _book_anew(
    tx: Connection, standing: Changeable, session: Session, terms: Terms
) -> BookingChange:
    """A move that counts as missed: what a late cancellation and a new booking would write,
    together.
    """
    old = moved(standing.booking, "missed", terms, excused=False, status="missed")
    gone = _given_up(standing.session, "missed")
    session = replace(session, id=sessions.new_id(), version=1, created_at=terms.now, join_url=None)
    booking = anew(old, session, terms)
    # The old one first: the new time may lie over it, and the database lets nothing overlap.
    sessions.put(tx, standing.session, gone, terms.now)
    bookings.put(tx, standing.booking, old, gone.coach_id)
    sessions.add(tx, session)
    bookings.add(tx, booking, session.coach_id)
    slot_sets.recompute(tx, standing.coach, now=terms.now)
    changes = [Change("missed", gone, old), Change("booked", session, booking)]
    wake = notices.owe(tx, standing.coach, terms, changes, [gone, session])
    return BookingChange(booking, session, wake)


def cancel(
    tx: Connection,
    booking_id: str,
    terms: Terms,
    *,
    expected: int | None = None,
    excused: bool = False,
) -> BookingChange:
    """Give the seat up: cancelled, or, shortly before the start and not excused, missed. In the
    first pod of a group, those in the later ones too. Raises Refused, Unknown.
    """
    group_id = bookings.group_of(tx, booking_id)
    coaches: Coaches = {}
    if group_id is not None:
        coaches = pod_groups.lock(tx, [group_id], [bookings.coach_of(tx, booking_id)], terms)
    standing = stand(tx, booking_id, terms, expected=expected)
    context = standing.booking.context.within(standing.session.context)
    terms = late_changes.terms_of(tx, terms, context)
    if standing.session.pod:
        pod_groups.unmoved(replace(standing.session, group_id=group_id), standing.session)
        coaches |= {standing.coach.id: standing.coach}
        return _leave(tx, coaches, standing, terms, excused=excused)
    ended: Literal["cancelled", "missed"] = "cancelled"
    left: SessionStatus = "unbooked"
    if terms.is_late(standing.session) and not excused:
        ended = left = "missed"
    booking = standing.booking.changed(terms.now, status=ended)
    bookings.put(tx, standing.booking, booking, standing.coach.id, excused=excused)
    session = _given_up(standing.session, left)
    sessions.put(tx, standing.session, session, terms.now)
    slot_sets.recompute(tx, standing.coach, now=terms.now)
    change = Change(ended, session, booking)
    wake = notices.owe(tx, standing.coach, terms, [change], [session])
    return BookingChange(booking, session, wake)


def stand(
    tx: Connection, booking_id: str, terms: Terms, *, expected: int | None = None
) -> Changeable:
    """The booking, its coach locked, if it may be changed. Raises Refused, Unknown."""
    coach = bookable.lock(tx, bookings.coach_of(tx, booking_id), terms)
    booking = bookings.get(tx, booking_id)
    session = sessions.get(tx, booking.session_id)
    # The race: the seat goes to another coach's pod between the look at its coach and that coach's
    # lock. Then the lock is the wrong one, and says nothing about the session.
    if session.coach_id != coach.id:
        raise Refused(
            "stale_version", "The booking was just moved: read it again.", current=booking.version
        )
    check_open_to_change(session, booking, expected=expected, now=terms.now)
    return Changeable(coach, session, booking)


def _given_up(session: Session, left: SessionStatus) -> Session:
    """A 1:1 session without its only seat."""
    version = session.version + 1
    return replace(
        session, active=False, status=left, taken=0, version=version, conflict_since=None
    )


def _leave(
    tx: Connection, coaches: Coaches, standing: Changeable, terms: Terms, *, excused: bool
) -> BookingChange:
    """A pod goes on without whoever left it, and so does its group."""
    changes = [_left(tx, standing.session, standing.booking, terms, excused=excused)]
    for pod, booking in pod_groups.given_up_with(tx, standing.session, changes[0].booking, terms):
        changes.append(_left(tx, pod, booking, terms, excused=excused))
    wake = pod_groups.owe(tx, coaches, terms, changes)
    return BookingChange(changes[0].booking, changes[0].session, wake)


def _left(tx: Connection, pod: Session, booking: Booking, terms: Terms, *, excused: bool) -> Change:
    """The seat is free again, and counts as missed if it was given up late."""
    ended: Literal["cancelled", "missed"] = "cancelled"
    kind: Kind = "seat_left"
    if terms.is_late(pod) and not excused:
        ended = kind = "missed"
    after = booking.changed(terms.now, status=ended)
    bookings.put(tx, booking, after, pod.coach_id, excused=excused)
    sessions.give_seat(tx, pod.id)
    return Change(kind, sessions.get(tx, pod.id), after)
