"""How coaches stand: whether their calendars can be believed,
without the slots that follow from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from domain import freshness
from domain.freshness import Health, State
from storage.rows import refresh_jobs
from storage.rows.connections import Connected
from storage.schema.columns import one_of
from storage.schema.tables import coaches, connections
from storage.slots import listings

AT_ONCE = 500
UNTRUSTED: tuple[State, ...] = ("stale", "disconnected")
SYNCED: tuple[State, ...] = ("fresh", "refreshing")
"""The badge: calendars are connected and healthy."""

row = connections.c


@dataclass(frozen=True, slots=True)
class CoachState:
    coach_id: str
    state: State
    as_of: datetime | None

    @property
    def synced(self) -> bool:
        """The badge: calendars are connected and healthy."""
        return self.state in SYNCED


def of(
    tx: Connection, coach_ids: Sequence[str], *, now: datetime, stale_after: timedelta
) -> list[CoachState]:
    """In the order asked for, in two queries whatever their number;
    coaches that are not there are left out.
    """
    there = set(tx.scalars(select(coaches.c.id).where(one_of(tx, coaches.c.id, coach_ids))))
    known = listings.healths(tx, coach_ids)
    found = []
    for coach_id in dict.fromkeys(coach_ids):
        if coach_id in there:
            healths = known.get(coach_id, [])
            found.append(_by_healths(coach_id, healths, now=now, stale_after=stale_after))
    return found


def by_connections(
    coach_id: str, connected: Sequence[Connected], *, now: datetime, stale_after: timedelta
) -> CoachState:
    """Of one coach whose connections were read already."""
    healths = list(map(listings.health, connected))
    return _by_healths(coach_id, healths, now=now, stale_after=stale_after)


def _by_healths(
    coach_id: str, healths: Sequence[Health], *, now: datetime, stale_after: timedelta
) -> CoachState:
    at, seconds = int(now.timestamp()), int(stale_after.total_seconds())
    state = freshness.state(healths, now=at, stale_after=seconds)
    return CoachState(coach_id, state, listings.moment(freshness.as_of(healths)))


def page(tx: Connection, *, after: str, now: datetime, stale_after: timedelta) -> list[CoachState]:
    """Some hundred coaches whose ids follow `after`, by id; empty at the end."""
    query = select(coaches.c.id).where(coaches.c.id > after).order_by(coaches.c.id).limit(AT_ONCE)
    return of(tx, list(tx.scalars(query)), now=now, stale_after=stale_after)


def state_of(now: datetime, stale_after: timedelta) -> ColumnElement[str]:
    """The rule of `domain.freshness.state` as SQL, over the connections of one coach:
    there may be 100,000 coaches.
    """
    return state_by(stale_before(now, stale_after))


def stale_before(now: datetime, stale_after: timedelta) -> datetime:
    """A calendar that was last read before that is stale."""
    # Whole seconds, as the rule has them: a calendar read at 10.9 counts as read at 10.
    whole_second = datetime.fromtimestamp(int(now.timestamp()), UTC)
    return whole_second - timedelta(seconds=int(stale_after.total_seconds()))


def state_by(before: datetime | ColumnElement[datetime]) -> ColumnElement[str]:
    """The same, by what `stale_before` says."""
    lost = and_(row.trouble.is_not(None), row.trouble.not_in(("initial_sync", "no_access")))
    # A coach without a connection is a row of nulls here, by the outer join: never read, too.
    never_read = or_(row.trouble == "initial_sync", row.last_ok_at.is_(None))
    return case(
        (func.count(row.id) == 0, "unconnected"),
        (_any(lost), "disconnected"),
        (_any(row.trouble == "no_access"), "no_access"),
        (_any(and_(row.id.is_not(None), never_read)), "initial_sync"),
        (_any(row.last_ok_at < before), "stale"),
        (_any(refresh_jobs.DIRTY), "refreshing"),
        else_="fresh",
    )


def counts(tx: Connection, *, now: datetime, stale_after: timedelta) -> dict[State, int]:
    """How many coaches are in each state."""
    states = state_of(now, stale_after)
    each = (
        select(states.label("state"))
        .select_from(coaches.outerjoin(connections))
        .group_by(coaches.c.id)
        .subquery()
    )
    query = select(each.c.state, func.count()).group_by(each.c.state)
    return dict(tx.execute(query).all())


def _any(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    # SQLite has no bool_or: the highest of ones and noughts is the same on both.
    return func.max(case((condition, 1), else_=0)) == 1
