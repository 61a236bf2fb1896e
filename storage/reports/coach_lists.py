"""Coaches in pages, by how their calendars stand and by when their settings changed."""

from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    bindparam,
    exists,
    or_,
    select,
)

from domain.freshness import State
from storage.reports import coach_states
from storage.reports.lists import Key, Page, cut, since_ms
from storage.rows.refresh_jobs import DIRTY
from storage.schema.columns import Instant
from storage.schema.tables import coaches, connections

row = connections.c
BEFORE = bindparam("before", type_=Instant)
"""What `coach_states.stale_before` says."""


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
    query, values = select(coaches.c.id), {}
    order: tuple[ColumnElement[int] | ColumnElement[str], ...] = (coaches.c.id,)
    if state is not None:
        query = _IN_STATE[state]
        values["before"] = coach_states.stale_before(now, stale_after)
    if changed_since is not None:
        query = query.where(coaches.c.changed_ms >= since_ms(changed_since))
        order = (coaches.c.changed_ms, coaches.c.id)
    found, last = cut(tx, query, order, after, limit, values)
    return Page([each.id for each in found], last)


def _in_state(state: State) -> Select[tuple[str]]:
    """The state follows from all of a coach's connections. Those that may be in it are looked up
    first: of 100,000 coaches a few are in most states.
    """
    hints = {
        "disconnected": row.trouble.is_not(None),
        "no_access": row.trouble == "no_access",
        "initial_sync": or_(row.trouble == "initial_sync", row.last_ok_at.is_(None)),
        "stale": row.last_ok_at < BEFORE,
        "refreshing": DIRTY,
    }
    if state == "unconnected":
        return select(coaches.c.id).where(~exists().where(row.coach_id == coaches.c.id))
    if state not in hints:
        theirs = _state_of(row.coach_id == coaches.c.id)
        return select(coaches.c.id).where(theirs == state)
    # By their own key, and not by the coach's: PostgreSQL cannot know how few they are, and would
    # work the state out of every coach.
    some = select(row.coach_id).where(hints[state]).distinct().subquery("some")
    theirs = _state_of(row.coach_id == some.c.coach_id)
    found = select(coaches.c.id).join(some, some.c.coach_id == coaches.c.id)
    return found.where(theirs == state)


def _state_of(mine: ColumnElement[bool]) -> ScalarSelect[str]:
    return select(coach_states.state_by(BEFORE)).where(mine).scalar_subquery()


# Put together once: that takes longer than to read a page of few.
_IN_STATE = {state: _in_state(state) for state in get_args(State)}
