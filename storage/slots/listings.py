"""Slot sets as they are listed: read with what is known of the calendars' freshness."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Literal

from sqlalchemy import Connection, Row, literal, select

from domain import freshness
from domain.coaches import Coach, Policy
from domain.freshness import Effect, Health, State
from domain.intervals import Interval
from domain.slots import SlotSet
from storage.rows import coaches
from storage.rows.connections import Connected
from storage.schema.columns import one_of
from storage.schema.tables import coaches as coach_rows
from storage.schema.tables import connections
from storage.slots.slot_sets import ROW, compute

# A grant that is gone and a profile without credentials are the same to whoever asks for slots; and
# so is a trouble that only another release knows.
SEEN_AS: dict[str | None, Literal["initial_sync", "disconnected", "no_access"] | None] = {
    None: None,
    "initial_sync": "initial_sync",
    "no_access": "no_access",
    "disconnected": "disconnected",
    "revoked": "disconnected",
}


_LISTED = select(
    ROW.coach_id,
    ROW.version,
    ROW.origin,
    ROW.days,
    ROW.durations,
    ROW.bits,
    ROW.holds_until,
    coach_rows.c.zone,
    coach_rows.c.notice,
    coach_rows.c.horizon_days,
    coach_rows.c.policy,
    coach_rows.c.last_known_hours,
).join(coach_rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """A coach's stored set and what may be shown of it:
    the effect of the coach's policy in this state, now.
    """

    coach_id: str
    zone: str
    notice: int
    horizon_days: int
    slots: SlotSet
    version: int
    as_of: datetime | None
    state: State
    policy: Policy
    effect: Effect
    effect_until: int | None
    holds_until: datetime | None
    """When the next hold ends: from then on a start may be open
    that the stored set calls closed.
    """
    elsewhere: Sequence[Interval] = ()
    """When the participant for whom a time is looked for is in other sessions."""


def listings(
    tx: Connection,
    coach_ids: Sequence[str],
    *,
    now: datetime,
    stale_after: timedelta,
    reasons: bool = False,
) -> dict[str, Listing]:
    """The stored sets of these coaches with their freshness, in two queries whatever their number.

    `reasons`: why closed times are closed, too; they are larger than all the rest.
    """
    query = _LISTED.add_columns(literal(b"").label("reasons"))
    if reasons:
        query = _LISTED.add_columns(ROW.reasons)
    found = tx.execute(query.where(one_of(tx, ROW.coach_id, coach_ids))).all()
    known = healths(tx, coach_ids)
    seconds = int(stale_after.total_seconds())
    return {
        row.coach_id: _listing(tx, row, known.get(row.coach_id, []), (now, seconds))
        for row in found
    }


def _listing(
    tx: Connection, row: Row[Any], healths: list[Health], at: tuple[datetime, int]
) -> Listing:
    now, stale_after = int(at[0].timestamp()), at[1]
    as_of = freshness.as_of(healths)
    state = freshness.state(healths, now=now, stale_after=stale_after)
    policy = Policy(row.policy, row.last_known_hours)
    effect = freshness.effect(state, policy, as_of=as_of, now=now)
    until = freshness.effect_until(healths, policy, as_of=as_of, now=now, stale_after=stale_after)
    stored = SlotSet(row.origin, row.days, tuple(row.durations), row.bits, row.reasons)
    # Without any connection there is nothing to leave out: the stored set is of hours alone.
    if effect == "hours_only" and healths:
        stored = _hours_only(tx, row.coach_id, stored, at[0])
    return Listing(
        coach_id=row.coach_id,
        zone=row.zone,
        notice=row.notice,
        horizon_days=row.horizon_days,
        slots=stored,
        version=row.version,
        as_of=moment(as_of),
        state=state,
        policy=policy,
        effect=effect,
        effect_until=_sooner(until, row.holds_until),
        holds_until=row.holds_until,
    )


def moment(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _sooner(effect_until: int | None, holds_until: datetime | None) -> int | None:
    """A hold that ends opens its time by the clock alone."""
    if holds_until is None:
        return effect_until
    # Rounded up: in the second in which it ends the hold may still stand.
    ends = ceil(holds_until.timestamp())
    if effect_until is None:
        return ends
    return min(ends, effect_until)


def _hours_only(tx: Connection, coach_id: str, stored: SlotSet, now: datetime) -> SlotSet:
    """The set without the calendar: rare (a coach whose calendar is not trusted, by choice),
    so computed when asked.
    """
    coach = coaches.get(tx, coach_id)
    # The race: the coach is erased between the two looks. Nobody books one who is gone.
    if coach is None:
        return stored
    return compute(tx, coach, now=now, calendars=False)


def healths(tx: Connection, coach_ids: Sequence[str]) -> dict[str, list[Health]]:
    """What is known about the connections of these coaches, in one query;
    one without a connection is left out.
    """
    row = connections.c
    dirty = (row.done_gen < row.req_gen).label("dirty")
    query = select(row.coach_id, dirty, row.trouble, row.last_ok_at)
    found: dict[str, list[Health]] = {}
    theirs = tx.execute(query.where(one_of(tx, row.coach_id, coach_ids)))
    for one in theirs:
        found.setdefault(one.coach_id, []).append(health(one))
    return found


def health(one: Row[Any] | Connected) -> Health:
    """What is known about one connection."""
    last_ok = None
    if one.last_ok_at is not None:
        last_ok = int(one.last_ok_at.timestamp())
    return Health(bool(one.dirty), SEEN_AS.get(one.trouble, "disconnected"), last_ok)


def preview(
    tx: Connection, coach: Coach, *, now: datetime, stale_after: timedelta
) -> tuple[Listing, Listing]:
    """The coach's listing as it would be with these settings,
    of which nothing is written, and as it is.
    """
    stored = listings(tx, [coach.id], now=now, stale_after=stale_after)[coach.id]
    hours_only = stored.effect == "hours_only" and bool(healths(tx, [coach.id]))
    fresh = compute(tx, coach, now=now, calendars=not hours_only)
    zone, notice, horizon_days = coach.hours.zone, coach.notice, coach.horizon_days
    return replace(stored, slots=fresh, zone=zone, notice=notice, horizon_days=horizon_days), stored
