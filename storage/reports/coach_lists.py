"""Coaches in pages, by how their calendars stand and by when their settings changed."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from domain.freshness import State
from storage.reports import coach_states
from storage.reports.lists import Key, Page, cut, since_ms
from storage.rows.refresh_jobs import DIRTY
from storage.schema.tables import coaches, connections

row = connections.c


def page(
    tx: Connection,
    after: Key | None,
    *,
    limit: int,
    now: datetime,
    stale_after: timedelta,
    state: State | None = None,
    changed_since: datetime | None = None,
) -> Page[str]:
    """Their ids, in order; of those changed since a moment, in the order in which they changed."""
    query = select(coaches.c.id)
    order: tuple[ColumnElement[int] | ColumnElement[str], ...] = (coaches.c.id,)
    if state is not None:
        query = _in_state(query, state, now, stale_after)
    if changed_since is not None:
        query = query.where(coaches.c.changed_ms >= since_ms(changed_since))
        order = (coaches.c.changed_ms, coaches.c.id)
    found, last = cut(tx, query, order, after, limit)
    return Page([each.id for each in found], last)


def _in_state(
    query: Select[tuple[str]], state: State, now: datetime, stale_after: timedelta
) -> Select[tuple[str]]:
    """The state follows from all of a coach's connections. Those that may be in it are looked up
    first: of 100,000 coaches a few are in most states.
    """
    mine = row.coach_id == coaches.c.id
    theirs = select(coach_states.state_of(now, stale_after)).where(mine).scalar_subquery()
    query = query.where(theirs == state)
    hints = {
        "disconnected": row.trouble.is_not(None),
        "no_access": row.trouble == "no_access",
        "initial_sync": or_(row.trouble == "initial_sync", row.last_ok_at.is_(None)),
        "stale": row.last_ok_at < now - stale_after,
        "refreshing": DIRTY,
    }
    if state in hints:
        return query.where(coaches.c.id.in_(select(row.coach_id).where(hints[state])))
    if state == "unconnected":
        return query.where(coaches.c.id.not_in(select(row.coach_id)))
    return query
