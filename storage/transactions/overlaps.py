"""The same participant in two sessions at one time: refused, unless it is forced.

What counts is the sessions' own time: buffers are the coach's. Overlaps that are there already stay
(`storage.reports.overlaps` tells of them).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.intervals import Interval, meets
from domain.sessions import Participant, Session, Terms
from storage.rows import participant_times
from storage.slots import bookable
from storage.slots.bookable import Wanted

Times = Mapping[str, Sequence[Interval]]
"""By participant."""


def lock_times(
    tx: Connection, participant_ids: Collection[str], terms: Terms, *, without: Sequence[str] = ()
) -> Times:
    """When these participants are in sessions to come, but for those `without`; they are locked."""
    participant_times.lock(tx, participant_ids)
    return participant_times.taken(tx, participant_ids, since=terms.seconds, without=without)


def all_of(times: Times) -> list[Interval]:
    """When any of them is in a session."""
    return list(chain.from_iterable(times.values()))


def reason(times: Times, participant_id: str, wanted: Wanted) -> str | None:
    """Why the participant is in two sessions then; None: they are not."""
    if meets(times.get(participant_id, ()), wanted.start, wanted.end):
        return wanted.force
    return None


def reasons(times: Times, wanted: Wanted) -> dict[str, str | None]:
    """By participant, as `reason`; whoever is missing is nowhere else."""
    found = {}
    for participant_id in times:
        found[participant_id] = reason(times, participant_id, wanted)
    return found


def check_seat(
    tx: Connection,
    coach: Coach,
    pod: Session,
    who: Participant,
    terms: Terms,
    *,
    force: str | None = None,
    without: Sequence[str] = (),
) -> str | None:
    """Why whoever gets a seat in this pod is in two sessions then; None: they are not. The caller
    holds the participant's lock. Raises Refused.
    """
    others = [pod.id, *without]
    theirs = participant_times.taken(tx, [who.id], since=terms.seconds, without=others)[who.id]
    if not meets(theirs, pod.starts, pod.ends):
        return None
    if force is not None:
        return force
    listing = replace(bookable.listing_of(tx, coach.id, terms), elsewhere=theirs)
    wanted = Wanted(coach.id, pod.starts, pod.minutes)
    # The coach may have stopped to offer this duration: then no other start is like it.
    nearest: Sequence[int] = ()
    if pod.minutes in listing.slots.durations:
        nearest = bookable.nearest(listing, wanted, terms)
    raise bookable.is_elsewhere(nearest, participant_id=who.id)
