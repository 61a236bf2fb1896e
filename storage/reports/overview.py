"""What the ops pages ask about calendars:
reads that are owed or stuck, coaches that cannot be trusted, the plots.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Subquery,
    and_,
    case,
    cast,
    func,
    null,
    select,
    type_coerce,
    union_all,
)

from domain.freshness import State
from storage.reports import coach_states
from storage.reports.lists import clock_moved
from storage.rows.refresh_jobs import DIRTY, LEASE
from storage.schema import records
from storage.schema.columns import EPOCH
from storage.schema.database_clock import clock_ms
from storage.schema.tables import (
    bookings,
    calendars,
    channels,
    connections,
    profiles,
    samples,
    sessions,
    slot_sets,
)

row = connections.c


@dataclass(frozen=True, slots=True)
class Stuck:
    """A connection whose reader vanished, and for how many seconds its lease has been over."""

    connection_id: str
    coach_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Troubled:
    """A coach whose calendars are not to be trusted. `read_at`: the oldest of their last reads."""

    coach_id: str
    read_at: datetime | None
    since: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Conflicted:
    """A coach with coming sessions that something is the matter with, and how many.
    `first`: epoch seconds.
    """

    coach_id: str
    sessions: int
    first: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A coming session in conflict; times in epoch seconds. Never its title."""

    session_id: str
    kind: str
    starts: int
    ends: int
    since: datetime


@dataclass(frozen=True, slots=True)
class MovedClock:
    """A coming session that has another local time by newer time zone rules: the coach's, or that
    of this booking's participant. `starts`: epoch seconds; `wall`, `wall_moved`: as
    `domain.hours.wall_clock` writes them. Never its title.
    """

    session_id: str
    coach_id: str
    starts: int
    wall: str
    wall_moved: str
    booking_id: str | None


@dataclass(frozen=True, slots=True)
class ProfileOverview:
    """A profile without its name: that is somebody's address."""

    provider: str
    service: str
    connected: bool
    initial_sync: bool
    mode: str


@dataclass(frozen=True, slots=True)
class AccountOverview:
    """One connection. `owed_for`, `reading_for`, `retry_in`: seconds by the database's clock."""

    id: str
    trouble: str | None
    troubled_since: datetime | None
    last_ok_at: datetime | None
    changed_at: datetime | None
    last_error: str | None
    attempts: int
    missed_pushes: int
    owed_for: float | None
    reading_for: float | None
    """Past its lease, if negative: its reader vanished."""
    retry_in: float
    channel_open: bool
    audited_at: datetime | None
    profiles: list[ProfileOverview] = field(default_factory=list)
    calendars: int = 0
    blocking: int = 0


def seconds(ms: ColumnElement[int]) -> ColumnElement[float]:
    """A span of the database's milliseconds, as seconds on either database."""
    # Cast first: both databases divide whole numbers to a whole number.
    return type_coerce(cast(ms, Float) / 1000, Float)


def being_read(tx: Connection) -> int:
    """How many connections somebody is reading at this moment."""
    # A token whose lease is over is of somebody who vanished: `stuck_reads` lists those.
    return tx.scalar(select(func.count()).where(LEASE.taken, LEASE.lasts)) or 0


def stuck_reads(tx: Connection, *, limit: int = 20) -> list[Stuck]:
    """Connections that nobody gave back before their lease ended, the longest first."""
    past = seconds(clock_ms() - row.lease_until_ms)
    query = select(row.id, row.coach_id, past).where(LEASE.taken, LEASE.open)
    return records.all_as(tx, Stuck, query.order_by(row.lease_until_ms).limit(limit))


def to_roll(tx: Connection, *, today: int) -> int:
    """How many slot sets were made on an earlier day (`today`: epoch seconds of its midnight)."""
    return tx.scalar(select(func.count()).where(slot_sets.c.origin < today)) or 0


def troubled(
    tx: Connection, state: State, *, now: datetime, stale_after: timedelta, limit: int = 20
) -> list[Troubled]:
    """The coaches in this state, the longest unread first."""
    per = _states(now, stale_after)
    query = select(per.c.coach_id, per.c.read_at, per.c.since, per.c.error)
    mine = query.where(per.c.state == state).order_by(per.c.read_at, per.c.coach_id)
    return records.all_as(tx, Troubled, mine.limit(limit))


def _states(now: datetime, stale_after: timedelta) -> Subquery:
    """(coach_id, state, read_at, since, error) of every coach with a connection,
    by the rule of `domain.freshness`.
    """
    # Inexact on purpose: of a coach with several accounts it is the oldest read, the first trouble
    # and some error, which need not be of one account. The coach's own page tells them apart.
    state = coach_states.state_of(now, stale_after).label("state")
    more = (
        func.min(row.last_ok_at).label("read_at"),
        func.min(row.troubled_since).label("since"),
        func.max(row.last_error).label("error"),
    )
    return select(row.coach_id, state, *more).group_by(row.coach_id).subquery()


def conflicted(tx: Connection, *, now: datetime, limit: int = 20) -> list[Conflicted]:
    """The coaches with coming sessions in conflict, the soonest first."""
    mine = sessions.c
    first = func.min(mine.starts)
    query = select(mine.coach_id, func.count(), first).where(_in_conflict(now))
    each = query.group_by(mine.coach_id).order_by(first)
    return records.all_as(tx, Conflicted, each.limit(limit))


def linkless(tx: Connection, *, now: datetime, limit: int = 20) -> list[Conflicted]:
    """The coaches with coming sessions whose links do not come, the soonest first."""
    mine = sessions.c
    first = func.min(mine.starts)
    coming = and_(mine.active, mine.ends > int(now.timestamp()))
    query = select(mine.coach_id, func.count(), first).where(
        mine.conferencing_state == "failed", coming
    )
    each = query.group_by(mine.coach_id).order_by(first)
    return records.all_as(tx, Conflicted, each.limit(limit))


def conflicts_of(tx: Connection, coach_id: str, *, now: datetime) -> list[Conflict]:
    mine = sessions.c
    query = select(mine.id, mine.kind, mine.starts, mine.ends, mine.conflict_since)
    chosen = query.where(_in_conflict(now), mine.coach_id == coach_id)
    return records.all_as(tx, Conflict, chosen.order_by(mine.starts))


def moved_clocks(
    tx: Connection, *, now: datetime, limit: int = 20, coach_id: str | None = None
) -> list[MovedClock]:
    """The soonest first; of one coach, or of all."""
    mine, seat = sessions.c, bookings.c
    coming = [mine.active, mine.starts > int(now.timestamp())]
    if coach_id is not None:
        coming.append(mine.coach_id == coach_id)
    about = (mine.id, mine.coach_id, mine.starts)
    coachs = select(*about, mine.wall, mine.wall_moved, null().label("booking_id"))
    theirs = select(*about, seat.wall, seat.wall_moved, seat.id).join(
        bookings, seat.session_id == mine.id
    )
    both = union_all(
        coachs.where(mine.wall_moved.is_not(None), *coming),
        theirs.where(clock_moved(), *coming),
    ).subquery()
    first = select(both).order_by(both.c.starts, both.c.id, both.c.wall).limit(limit)
    return records.all_as(tx, MovedClock, first)


def _in_conflict(now: datetime) -> ColumnElement[bool]:
    mine = sessions.c
    return and_(mine.conflict_since.is_not(None), mine.active, mine.starts > int(now.timestamp()))


def accounts_of(tx: Connection, coach_id: str) -> list[AccountOverview]:
    """The coach's connections as ops see them: no token, no address, no calendar's name."""
    mine = _ACCOUNTS.where(row.coach_id == coach_id).order_by(row.id)
    return [_account(tx, account) for account in records.all_as(tx, AccountOverview, mine)]


_ACCOUNTS = select(
    row.id,
    row.trouble,
    row.troubled_since,
    row.last_ok_at,
    row.changed_at,
    row.last_error,
    row.attempts,
    row.missed_pushes,
    case((DIRTY, seconds(clock_ms() - func.coalesce(row.dirty_since_ms, clock_ms())))),
    case((LEASE.taken, seconds(row.lease_until_ms - clock_ms()))),
    seconds(row.next_attempt_at_ms - clock_ms()),
    channels.c.channel_id.is_not(None),
    channels.c.audited_at,
).join_from(connections, channels, isouter=True)


def _account(tx: Connection, account: AccountOverview) -> AccountOverview:
    """With what it is made of."""
    # Two queries an account: a coach has few, and one page shows one coach.
    it = profiles.c
    query = select(*records.columns_of(profiles, ProfileOverview))
    theirs = query.where(it.connection_id == account.id).order_by(it.id)
    of = records.all_as(tx, ProfileOverview, theirs)
    mine = and_(calendars.c.connection_id == account.id, calendars.c.deleted.is_(False))
    known = select(func.count(), func.count(case((calendars.c.blocks, 1)))).where(mine)
    there, blocking = tx.execute(known).one()
    return replace(account, profiles=of, calendars=there, blocking=blocking)


def plotted(
    tx: Connection, names: Sequence[str], *, since: datetime, every: timedelta
) -> dict[str, list[tuple[datetime, float]]]:
    """The highest value of each figure in each span of `every`:
    a peak must not vanish in an average.
    """
    # Grouped by the database: a week of samples is a hundred times what a plot shows.
    width = int(every.total_seconds() * 1000)
    span = type_coerce(samples.c.at, BigInteger) // width
    wanted = (samples.c.name.in_(names), samples.c.at >= since)
    query = select(samples.c.name, span, func.max(samples.c.value)).where(*wanted)
    each = query.group_by(samples.c.name, span).order_by(samples.c.name, span)
    series: dict[str, list[tuple[datetime, float]]] = {name: [] for name in names}
    for name, number, value in tx.execute(each):
        series[name].append((EPOCH + number * every, float(value)))
    return series
