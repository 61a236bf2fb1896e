"""What coaches offer at one moment: their stored sets, clipped by the clock, as far as policy lets
them be shown.

Whoever lists a slot or books one asks here, so that what is listed is what can be booked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import bindparam, select

from domain.hours import DAY_SECONDS
from domain.pools import Member, Pool
from domain.slots import Starts
from domain.slots.listing import Clock, closed_reasons, next_change, offered, without
from domain.slots.reasons import Reason
from storage.schema.database import Database
from storage.schema.fast_reads import query_raw
from storage.schema.tables import coaches, connections, slot_sets
from storage.slots.listings import Listing

Stamp = tuple[tuple[object, ...], ...]

# One array for all who get nothing: nobody may write into it.
NOTHING: Starts = np.empty(0, np.int64)
NOTHING.setflags(write=False)
# Further than any set reaches.
FAR_DAYS = 10_000

# Whatever can change an answer has to stand here: while it is equal, a kept answer is shown.
_STAMP = (
    select(
        slot_sets.c.version,
        coaches.c.version,
        connections.c.done_gen < connections.c.req_gen,
        connections.c.trouble,
        connections.c.last_ok_at,
    )
    .select_from(
        coaches.join(slot_sets).outerjoin(connections, connections.c.coach_id == coaches.c.id)
    )
    .where(coaches.c.id == bindparam("coach_id"))
    .order_by(connections.c.id)
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Starts in since <= start < until for sessions of `duration` minutes,
    asked about at `now` (epoch seconds).
    """

    duration: int
    since: int
    until: int
    now: int


def stamp(database: Database, coach_id: str) -> Stamp:
    """All that an answer about a coach is made of, besides question and time: while it is equal, so
    are answers.

    Cheap beside making the answer. Empty when there is no such coach.
    """
    return tuple(map(tuple, query_raw(database, _STAMP, coach_id=coach_id)))


def starts(listing: Listing, asked: Asked) -> Starts:
    """What can be booked. Raises Invalid for a duration
    that the coach does not offer, hidden or not.
    """
    listing.slots.row(asked.duration)
    if listing.effect == "hide":
        return NOTHING
    found = offered(listing.slots, asked.duration, **_clock(listing, asked))
    return without(found, asked.duration, listing.elsewhere)


def elsewhere(listing: Listing, asked: Asked) -> Starts:
    """What could be booked, were whoever a time is looked for not in other sessions then."""
    wider = starts(replace(listing, elsewhere=()), asked)
    return wider[~np.isin(wider, starts(listing, asked))]


def valid_until(listing: Listing, asked: Asked) -> int | None:
    """When time alone next changes that answer, its state or its effect; None for never."""
    changes = [listing.effect_until]
    if listing.effect != "hide":
        changes.append(next_change(listing.slots, asked.duration, **_clock(listing, asked)))
    return _soonest(changes)


def reasons(listing: Listing, asked: Asked) -> list[tuple[int, int, Reason]]:
    """Why the closed quarter hours are closed, as runs: (first start, end, reason)."""
    clock = _clock(listing, asked)
    return closed_reasons(listing.slots, asked.duration, trusted=listing.effect != "hide", **clock)


def pool(listings: Sequence[Listing], asked: Asked) -> Pool:
    """The coaches who offer this duration and may be shown, side by side."""
    return _side_by_side(_members(listings, asked.duration), asked)


def pool_valid_until(listings: Sequence[Listing], asked: Asked) -> int | None:
    """No later than when time alone changes the answer for any of the coaches; None for never.

    Coaches of one notice and horizon are looked at together: the first start that any of them lists
    leaves first, and the first one past their horizon enters first.
    """
    changes = [listing.effect_until for listing in listings]
    alike: dict[tuple[int, int], list[Member]] = {}
    for member in _members(listings, asked.duration):
        alike.setdefault((member.notice, member.horizon_days), []).append(member)
    for members in alike.values():
        changes += _changes(members, asked)
    return _soonest(changes)


def _changes(members: Sequence[Member], asked: Asked) -> list[int]:
    """When the first start leaves, and when the next one enters,
    for members of one notice and horizon.
    """
    soonest = asked.now + 60 * members[0].notice
    latest = asked.now + DAY_SECONDS * members[0].horizon_days - 60 * asked.duration
    if latest < soonest:
        return []  # the notice and the session outlast the horizon: nothing is ever listed
    changes = []
    leaves = _first(members, asked)
    if leaves is not None:
        changes.append(asked.now + leaves - soonest + 1)
    if latest + 1 < asked.until:
        # What lies beyond the horizon can only be seen by members who have none.
        unclipped = [replace(member, notice=0, horizon_days=FAR_DAYS) for member in members]
        enters = _first(unclipped, replace(asked, since=max(asked.since, latest + 1)))
        if enters is not None:
            changes.append(asked.now + enters - latest)
    return changes


def _first(members: Sequence[Member], asked: Asked) -> int | None:
    found = _side_by_side(members, asked).any_open()
    if not len(found):
        return None
    return int(found[0])


def _members(listings: Sequence[Listing], duration: int) -> list[Member]:
    members = []
    for it in listings:
        if it.effect == "hide" or duration not in it.slots.durations:
            continue
        members.append(Member(it.coach_id, it.slots, it.notice, it.horizon_days))
    return members


def _side_by_side(members: Sequence[Member], asked: Asked) -> Pool:
    return Pool.of(members, asked.duration, now=asked.now, since=asked.since, until=asked.until)


def _soonest(changes: Sequence[int | None]) -> int | None:
    return min((change for change in changes if change is not None), default=None)


def _clock(listing: Listing, asked: Asked) -> Clock:
    return Clock(
        now=asked.now,
        notice=listing.notice,
        horizon_days=listing.horizon_days,
        since=asked.since,
        until=asked.until,
    )
