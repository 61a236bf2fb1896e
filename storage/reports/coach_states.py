"""How coaches stand: whether their calendars can be believed, without the slots that follow from
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from domain import freshness
from domain.freshness import State
from storage.schema.tables import coaches, connections
from storage.slots import listings

AT_ONCE = 500
UNTRUSTED: tuple[State, ...] = ("stale", "disconnected")

row = connections.c


@dataclass(frozen=True, slots=True)
class CoachState:
    coach_id: str
    state: State
    as_of: datetime | None

    @property
    def synced(self) -> bool:
        """The badge: calendars are connected and healthy."""
        return self.state in ("fresh", "refreshing")


def of(
    tx: Connection, coach_ids: Sequence[str], *, now: datetime, stale_after: timedelta
) -> list[CoachState]:
    """In the order asked for, in two queries whatever their number; coaches that are not there are
    left out.
    """
    there = set(tx.scalars(select(coaches.c.id).where(coaches.c.id.in_(coach_ids))))
    known = listings.healths(tx, coach_ids)
    wanted = (coach_id for coach_id in dict.fromkeys(coach_ids) if coach_id in there)
    at, seconds = int(now.timestamp()), int(stale_after.total_seconds())
    found = []
    for coach_id in wanted:
        healths = known.get(coach_id, [])
        as_of = freshness.as_of(healths)
        read = None if as_of is None else datetime.fromtimestamp(as_of, UTC)
        found.append(
            CoachState(coach_id, freshness.state(healths, now=at, stale_after=seconds), read)
        )
    return found


def page(tx: Connection, *, after: str, now: datetime, stale_after: timedelta) -> list[CoachState]:
    """Some hundred coaches whose ids follow `after`, by id; empty at the end."""
    query = select(coaches.c.id).where(coaches.c.id > after).order_by(coaches.c.id).limit(AT_ONCE)
    return of(tx, list(tx.scalars(query)), now=now, stale_after=stale_after)


def state_of(now: datetime, stale_after: timedelta) -> ColumnElement[str]:
    """The rule of `domain.freshness.state` as SQL, over the connections of one coach: there may be
    100,000 coaches.
    """
    # Whole seconds, as the rule has them: a calendar read at 10.9 counts as read at 10.
    before = datetime.fromtimestamp(int(now.timestamp()), UTC) - timedelta(
        seconds=int(stale_after.total_seconds())
    )
    return case(
        (func.count(row.id) == 0, "unconnected"),
        (_any(and_(row.trouble.is_not(None), row.trouble != "initial_sync")), "disconnected"),
        (
            _any(
                and_(
                    row.id.is_not(None),
                    or_(row.trouble == "initial_sync", row.last_ok_at.is_(None)),
                )
            ),
            "initial_sync",
        ),
        (_any(row.last_ok_at < before), "stale"),
        (_any(row.done_gen < row.req_gen), "refreshing"),
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
    query: Any = select(each.c.state, func.count()).group_by(each.c.state)
    return dict(tx.execute(query).all())


def _any(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return func.max(case((condition, 1), else_=0)) == 1
