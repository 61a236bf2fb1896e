"""A row of a roster that names a pod there is: what of it differs, and making it so.

A pod keeps its coach. Whoever is not in the row any more gives up the seat by the ordinary rule,
whoever is new is assigned.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.hours import timezone
from domain.pod_formats import check_seats
from domain.pod_groups import check_format
from domain.sessions import Booking, Participant, Refused, Session, Terms, Unknown
from storage.rows import bookings as booking_rows
from storage.rows import pod_groups as pod_group_rows
from storage.rows import sessions
from storage.rows.outbox_claims import Wake
from storage.transactions import bookings, late_changes, pod_groups, pod_seats, pods
from storage.transactions.pod_groups import Coaches
from storage.transactions.pod_import_entries import PodEntry, RowDifference
from storage.transactions.pods import Changes

NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Compared:
    """A pod, and what of it is to be another. `seated`: how many have a seat afterwards."""

    pod: Session
    changes: Changes
    joins: tuple[Participant, ...]
    leaves: tuple[Booking, ...]
    seated: int
    differs: tuple[RowDifference, ...]

    @property
    def minutes(self) -> int:
        return self.changes.duration or self.pod.minutes

    @property
    def start(self) -> int:
        if self.changes.start is None:
            return self.pod.starts
        return self.changes.start

    @property
    def moves(self) -> bool:
        return (self.start, self.minutes) != (self.pod.starts, self.pod.minutes)

    def leaves_late(self, tx: Connection, terms: Terms) -> bool:
        """Whether somebody who leaves would miss the session, by the rules where they belong."""
        for booking in self.leaves:
            context = booking.context.within(self.pod.context)
            if late_changes.terms_of(tx, terms, context).is_late(self.pod):
                return True
        return False


def compare(tx: Connection, entry: PodEntry, coach: Coach, terms: Terms) -> Compared:
    """What the row would change. Raises Invalid and Refused for a pod that cannot be changed; one
    that would stay as it is may be over.
    """
    pod = _pod(tx, entry, coach)
    changes, differs = _changes(entry, pod)
    seated = [it for it in booking_rows.of_session(tx, pod.id) if it.status == "booked"]
    joins, leaves = _people(entry, seated)
    if joins or leaves:
        differs.append(_of_people(joins, leaves))
    taken = len(seated) - len(leaves) + len(joins)
    found = Compared(pod, changes, joins, leaves, taken, tuple(differs))
    if differs:
        _check(entry, found, terms)
        _check_group(tx, found)
    return found


def apply(tx: Connection, coaches: Coaches, entry: PodEntry, terms: Terms) -> list[Wake]:
    """Make it so. The caller holds the locks of `pod_groups.lock`. Raises Refused and Invalid."""
    found = compare(tx, entry, coaches[sessions.get(tx, entry.pod_id or "").coach_id], terms)
    wake: list[Wake] = []
    # In this order: seats are free before others take them, and there before they are taken.
    for booking in found.leaves:
        # A seat in a group may have been given up with the first one, a moment ago.
        if booking_rows.get(tx, booking.id).status == "booked":
            wake += bookings.cancel(tx, booking.id, terms).wake
    if found.changes != Changes():
        wake += pods.change(tx, found.pod.id, found.changes, terms).wake
    for who in found.joins:
        if not booking_rows.is_seated(tx, found.pod.id, who.id):
            seated = pod_seats.give_seats(
                tx, coaches, found.pod.id, who, found.pod.context, terms, assigned=True
            )
            wake += pod_groups.owe(tx, coaches, terms, seated)
    return wake


def check_is_there(tx: Connection, entry: PodEntry) -> None:
    """Raises Invalid for a row that names a pod that there is not (any more)."""
    if entry.pod_id is not None and sessions.coach_of(tx, entry.pod_id) is None:
        raise _unknown_pod()


def _unknown_pod() -> Invalid:
    detail = "There is no such pod: correct the id, or leave it out to make a new one."
    return Invalid("id", "unknown_pod", detail)


def _pod(tx: Connection, entry: PodEntry, coach: Coach) -> Session:
    try:
        pod = sessions.get(tx, entry.pod_id or "", what="pod")
    except Unknown:
        raise _unknown_pod() from None
    if pod.coach_id != coach.id:
        detail = (
            "A pod keeps its coach: call this one off, and add a row without an id for the new one."
        )
        raise Refused("pod_keeps_coach", detail)
    return pod


def _check(entry: PodEntry, found: Compared, terms: Terms) -> None:
    pod = found.pod
    if not pod.active:
        detail = "This pod was called off: leave the row out, or its id to make a new one."
        raise Refused("pod_ended", detail, ended_as=pod.status)
    if pod.begun(terms.now):
        raise Refused("already_begun", "The pod has begun: leave the row out.", reason="past")
    if entry.version not in (None, pod.version):
        detail = (
            f"The pod was changed since it was exported (version {pod.version} now): export it"
            " again, and repeat your change there."
        )
        raise Refused("stale_version", detail, current=pod.version)
    low, high = found.changes.min_seats or pod.min_seats, found.changes.capacity or pod.capacity
    check_seats(low, high, found.seated)


def _check_group(tx: Connection, found: Compared) -> None:
    """What `pods.change` would refuse of a new group, before anything is written."""
    group_id = found.changes.group_id
    if group_id is None:
        return
    check_format(found.changes.format or found.pod.format)
    group = pod_group_rows.get(tx, group_id)
    if group is not None:
        group.check_takes(found.changes.context or found.pod.context)
    pod_groups.check_moves(tx, found.pod, replace(found.pod, group_id=group_id))


def _changes(entry: PodEntry, pod: Session) -> tuple[Changes, list[RowDifference]]:
    wanted: dict[str, Any] = {}
    differs: list[RowDifference] = []
    pairs = (
        ("min_seats", "min", entry.min_seats, pod.min_seats),
        ("capacity", "max", entry.capacity, pod.capacity),
        ("format", "format", entry.format, pod.format),
        ("title", "title", entry.title, pod.title),
        ("group_id", "group", entry.group_id, pod.group_id),
        ("duration", "duration", entry.duration, pod.minutes),
    )
    for name, column, mine, theirs in pairs:
        if mine is not None and mine != theirs and column not in entry.left_out:
            wanted[name] = mine
            differs.append(RowDifference(column, shown(theirs), shown(mine)))
    start = entry.timed_start
    before, after = clock(pod.starts, entry.zone), clock(start, entry.zone)
    # By the clock that the row shows: of an hour that comes twice it cannot say which it means.
    if before != after:
        wanted["start"] = start
        differs.append(RowDifference("time", f"{before:%Y-%m-%d %H:%M}", f"{after:%Y-%m-%d %H:%M}"))
    context = entry.context_over(pod.context)
    if context != pod.context:
        wanted["context"] = context
        differs += of_context(pod.context.as_json(), context.as_json())
    return Changes(**wanted), differs


def of_context(before: dict[str, str], after: dict[str, str]) -> list[RowDifference]:
    found = []
    for name, text in after.items():
        if before.get(name) != text:
            column = name.removesuffix("_name")
            found.append(RowDifference(column, shown(before.get(name)), text))
    return found


def _people(
    entry: PodEntry, seated: list[Booking]
) -> tuple[tuple[Participant, ...], tuple[Booking, ...]]:
    """Who joins, and which seats are given up. One person is one id, or one address."""
    if "participants" in entry.left_out:
        return (), ()
    there = [booking.participant for booking in seated]
    joins = tuple(who for who in entry.participants if not is_among(who, there))
    # Of an erased person the row cannot know: that seat stays.
    leaves = tuple(
        booking
        for booking in seated
        if not booking.participant.is_erased
        and not is_among(booking.participant, entry.participants)
    )
    return joins, leaves


def is_among(who: Participant, others: Iterable[Participant]) -> bool:
    mail = who.email.lower()
    return any(who.id == other.id or mail == other.email.lower() for other in others)


def _of_people(joins: tuple[Participant, ...], leaves: tuple[Booking, ...]) -> RowDifference:
    gone = ", ".join(booking.participant.email for booking in leaves)
    new = ", ".join(who.email for who in joins)
    return RowDifference("participants", gone or NOBODY, new or NOBODY)


def clock(moment: int, zone: str) -> datetime:
    """What a clock shows there: of an hour that comes twice the same."""
    return datetime.fromtimestamp(moment, timezone(zone)).replace(tzinfo=None, fold=0)


def shown(value: object) -> str:
    if value is None:
        return NOBODY
    return str(value)
