"""Slot sets as stored: one packed row a coach, recomputed from stored periods, read with what they
are worth now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version as installed
from math import ceil
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, Row, literal, select

from domain import freshness
from domain.coaches import Coach, Policy
from domain.freebusy import Reading, blocking
from domain.freshness import Effect, Health, State
from domain.hours import DAY_SECONDS
from domain.slots import Own, SlotSet, build
from domain.slots.cells import Periods
from domain.slots.packing import LOOK_BACK
from storage.rows import calendars as calendar_rows
from storage.rows import coaches, sessions
from storage.schema.tables import busy, connections, slot_sets
from storage.schema.tables import coaches as coach_rows

# Sets reach this far past the horizon, so that a set rolled once a day never runs out between two
# rolls.
MARGIN_DAYS = 8

# Limits count the sessions of whole weeks, in any zone.
WEEK_SECONDS = 9 * DAY_SECONDS

_row = slot_sets.c
NO_PERIODS: Periods = np.empty((0, 2), np.int64)
FOREVER = 1 << 40
# A grant that is gone and a profile without credentials are the same to whoever asks for slots; and
# so is a trouble that only another release knows.
SEEN_AS: dict[str | None, Literal["initial_sync", "disconnected"] | None] = {
    None: None,
    "initial_sync": "initial_sync",
    "disconnected": "disconnected",
    "revoked": "disconnected",
}


_LISTED = select(
    _row.coach_id,
    _row.version,
    _row.origin,
    _row.days,
    _row.durations,
    _row.bits,
    _row.holds_until,
    coach_rows.c.zone,
    coach_rows.c.notice,
    coach_rows.c.horizon_days,
    coach_rows.c.policy,
    coach_rows.c.last_known_hours,
).join(coach_rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """A coach's stored set and what may be shown of it: the effect of the coach's policy in this
    state, now.
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
    """When the next hold ends: from then on a start may be open that the stored set
    calls closed.
    """


def today(now: datetime) -> int:
    """The UTC midnight that sets made now begin at, in epoch seconds."""
    return int(now.timestamp()) // DAY_SECONDS * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Window:
    """What to read of a calendar: since <= date < until, which tells all before `known_until`
    (epoch seconds).
    """

    since: date
    until: date
    known_until: int


def window(coach: Coach, now: datetime) -> Window:
    """What a set made now, and for a day to come, needs to know."""
    first = datetime.fromtimestamp(today(now), UTC)
    last = first + timedelta(days=coach.horizon_days + MARGIN_DAYS + 1)
    # Around it: what free runs look back on, and a day for zones, since all-day items are placed in
    # the coach's.
    margins = timedelta(seconds=LOOK_BACK) + timedelta(days=1), timedelta(days=1)
    return Window((first - margins[0]).date(), (last + margins[1]).date(), int(last.timestamp()))


def recompute(tx: Connection, coach: Coach, *, now: datetime) -> tuple[int, bool]:
    """Compute the set from what is stored; write it if it differs. Returns (version, whether it
    changed).

    The caller holds `coaches.lock`, so that what is read here is still so when the set is written.
    """
    return _write(
        tx, coach, compute(tx, coach, now=now), sessions.holds_until(tx, coach.id, now=now)
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a coach's set is computed from, read at one moment. Periods and sessions in epoch
    seconds.
    """

    coach: Coach
    busy: Periods
    own: tuple[Own, ...]
    origin: int

    def build(self, more: Sequence[Own] = ()) -> SlotSet:
        """The set, with these sessions of the coach's besides."""
        days = self.coach.horizon_days + MARGIN_DAYS
        return build(self.coach, self.busy, [*self.own, *more], origin=self.origin, days=days)


def basis(
    tx: Connection,
    coach: Coach,
    *,
    now: datetime,
    without: str | None = None,
    calendars: bool = True,
) -> Basis:
    """What a set made now is computed from: leaving a session or hold out, or the calendars."""
    origin = today(now)
    own = sessions.own(tx, coach.id, since=origin - WEEK_SECONDS, now=now, without=without)
    busy = _periods(tx, coach) if calendars else NO_PERIODS
    return Basis(coach, busy, tuple(own), origin)


def compute(
    tx: Connection,
    coach: Coach,
    *,
    now: datetime,
    without: str | None = None,
    calendars: bool = True,
) -> SlotSet:
    """The set as it would be now, of that basis."""
    return basis(tx, coach, now=now, without=without, calendars=calendars).build()


def preview(
    tx: Connection, coach: Coach, *, now: datetime, stale_after: timedelta
) -> tuple[Listing, Listing]:
    """The coach's listing as it would be with these settings, of which nothing is written, and as
    it is.
    """
    stored = listings(tx, [coach.id], now=now, stale_after=stale_after)[coach.id]
    hours_only = stored.effect == "hours_only" and bool(healths(tx, [coach.id]))
    fresh = compute(tx, coach, now=now, calendars=not hours_only)
    zone, notice, horizon_days = coach.hours.zone, coach.notice, coach.horizon_days
    return replace(stored, slots=fresh, zone=zone, notice=notice, horizon_days=horizon_days), stored


def is_current(tx: Connection, coach: Coach, *, now: datetime) -> bool:
    """Whether the stored set was made today, from these settings and these time zone rules."""
    query = select(_row.origin, _row.coach_version, _row.tzdata).where(_row.coach_id == coach.id)
    found = tx.execute(query).first()
    return found is not None and tuple(found) == (today(now), coach.version, installed("tzdata"))


def version(tx: Connection, coach_id: str) -> int:
    return tx.scalar(select(_row.version).where(_row.coach_id == coach_id)) or 0


def due_for_roll(tx: Connection, *, now: datetime, limit: int = 200) -> list[str]:
    """Coaches whose set was made on an earlier day or under other time zone rules; the oldest
    first.
    """
    old = (_row.origin < today(now)) | (_row.tzdata != installed("tzdata"))
    return list(tx.scalars(select(_row.coach_id).where(old).order_by(_row.origin).limit(limit)))


def rolled(tx: Connection, coach_id: str) -> None:
    """The coach's set, and sessions, were looked at under the time zone rules of today."""
    tx.execute(
        slot_sets.update().where(_row.coach_id == coach_id).values(tzdata=installed("tzdata"))
    )


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
    query = _LISTED.add_columns(_row.reasons if reasons else literal(b"").label("reasons"))
    found = tx.execute(query.where(_row.coach_id.in_(coach_ids))).all()
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
    stored = SlotSet(row.origin, row.days, tuple(row.durations), row.bits, row.reasons)
    if effect == "hours_only" and healths:
        stored = _hours_only(tx, row.coach_id, stored, at[0])
    return Listing(
        coach_id=row.coach_id,
        zone=row.zone,
        notice=row.notice,
        horizon_days=row.horizon_days,
        slots=stored,
        version=row.version,
        as_of=None if as_of is None else datetime.fromtimestamp(as_of, UTC),
        state=state,
        policy=policy,
        effect=effect,
        effect_until=_sooner(
            freshness.effect_until(healths, policy, as_of=as_of, now=now, stale_after=stale_after),
            row.holds_until,
        ),
        holds_until=row.holds_until,
    )


def _sooner(effect_until: int | None, holds_until: datetime | None) -> int | None:
    """A hold that ends opens its time by the clock alone."""
    if holds_until is None:
        return effect_until
    ends = ceil(holds_until.timestamp())
    return ends if effect_until is None else min(ends, effect_until)


def _hours_only(tx: Connection, coach_id: str, stored: SlotSet, now: datetime) -> SlotSet:
    """The set without the calendar: rare (a coach whose calendar is not trusted, by choice), so
    computed when asked.
    """
    coach = coaches.get(tx, coach_id)
    return stored if coach is None else compute(tx, coach, now=now, calendars=False)


def healths(tx: Connection, coach_ids: Sequence[str]) -> dict[str, list[Health]]:
    """What is known about the connections of these coaches, in one query; one without a connection
    is left out.
    """
    row = connections.c
    query = select(row.coach_id, row.done_gen < row.req_gen, row.trouble, row.last_ok_at)
    found: dict[str, list[Health]] = {}
    for coach_id, dirty, trouble, last_ok_at in tx.execute(
        query.where(row.coach_id.in_(coach_ids))
    ):
        last_ok = None if last_ok_at is None else int(last_ok_at.timestamp())
        found.setdefault(coach_id, []).append(
            Health(bool(dirty), SEEN_AS.get(trouble, "disconnected"), last_ok)
        )
    return found


def external(tx: Connection, coach: Coach) -> Periods:
    """All that blocks in the coach's calendars, over all connections, as far as they were read."""
    return _periods(tx, coach, unread=False)


def _periods(tx: Connection, coach: Coach, *, unread: bool = True) -> Periods:
    """That, and if `unread`, all from where a calendar was not read on."""
    query = select(busy.c.connection_id, busy.c.reading, busy.c.window_end).join(connections)
    rows = tx.execute(query.where(connections.c.coach_id == coach.id)).all()
    parts = [NO_PERIODS]
    for row in rows:
        if unread:
            parts.append(np.array([[row.window_end, FOREVER]], np.int64))
        parts.append(
            blocking(
                Reading.unpack(row.reading),
                zone=coach.hours.zone,
                calendars=calendar_rows.blocking_calendars(tx, row.connection_id),
                tentative_blocks=coach.tentative_blocks,
            )
        )
    return np.concatenate(parts)


def _write(
    tx: Connection, coach: Coach, fresh: SlotSet, holds_until: datetime | None
) -> tuple[int, bool]:
    digest = fresh.digest()
    mine = _row.coach_id == coach.id
    before = tx.execute(select(_row.version, _row.digest).where(mine)).first()
    values = {
        "coach_version": coach.version,
        "origin": fresh.origin,
        "days": fresh.days,
        "durations": fresh.durations,
        "bits": fresh.bits,
        "reasons": fresh.reasons,
        "digest": digest,
        "holds_until": holds_until,
    }
    if before is None:
        # Later only `rolled` writes the rules: a set that was made anew by the way stays due for
        # its roll.
        tx.execute(
            slot_sets.insert().values(
                coach_id=coach.id, version=1, tzdata=installed("tzdata"), **values
            )
        )
        return 1, True
    if before.digest == digest:
        same = {name: values[name] for name in ("coach_version", "holds_until")}
        tx.execute(slot_sets.update().where(mine).values(same))
        return before.version, False
    tx.execute(slot_sets.update().where(mine).values(version=before.version + 1, **values))
    return before.version + 1, True
