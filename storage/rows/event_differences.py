"""What coaches did to our events in their own calendars, and nobody settled yet: a row a session.

    nothing --found--> moved, deleted, declined --found otherwise--> of another kind, or elsewhere
       ^                          |
       |                          +--settled, and the platform was told of it--> settled
       +--settled, and was not ---+                                                 |
       +--the platform was told that it is over ------------------------------------+

A new episode has a new `token`, and so has its end: whoever told of it takes a settled row away.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from domain.event_differences import Kind
from domain.slots import Own
from storage.schema import records
from storage.schema.columns import one_of
from storage.schema.tables import event_differences, sessions

SETTLED = "settled"
row = event_differences.c


@dataclass(frozen=True, slots=True)
class Difference:
    """An event that is not as its session says. `starts`, `ends`: where it stands now (epoch
    seconds), None when it is gone. `since`: when it was first seen so. `token`: of this episode.
    """

    session_id: str
    calendar_id: str
    connection_id: str
    kind: Kind
    starts: int | None
    ends: int | None
    since: datetime
    token: str


_COLUMNS = records.columns_of(event_differences, Difference)
_UNSETTLED = select(*_COLUMNS).where(row.kind != SETTLED)


def of_coach(tx: Connection, coach_id: str) -> list[Difference]:
    """Those that are not settled, the oldest first."""
    mine = _UNSETTLED.join(sessions).where(sessions.c.coach_id == coach_id)
    return records.all_as(tx, Difference, mine.order_by(row.since, row.session_id))


def of_session(tx: Connection, session_id: str) -> Difference | None:
    return records.first_as(tx, Difference, _UNSETTLED.where(row.session_id == session_id))


def of_sessions(tx: Connection, session_ids: Sequence[str]) -> dict[str, Difference]:
    """Of those that have one that is not settled, by session."""
    found = {}
    theirs = _UNSETTLED.where(one_of(tx, row.session_id, session_ids))
    for each in records.all_as(tx, Difference, theirs):
        found[each.session_id] = each
    return found


def of_connection(tx: Connection, connection_id: str) -> list[Difference]:
    return records.all_as(tx, Difference, _UNSETTLED.where(row.connection_id == connection_id))


def occupied(
    tx: Connection, coach_id: str, *, since: int, without: Sequence[str] = ()
) -> list[Own]:
    """Where events of the coach's sessions stand that somebody has to decide about, from `since`
    (epoch seconds) on, but for those of the sessions `without`.
    """
    # The kernel of slots takes no empty period, and calendars have such events.
    wanted = [sessions.c.coach_id == coach_id, row.kind != SETTLED, row.starts < row.ends]
    wanted += [sessions.c.active, row.ends > since, row.session_id.not_in(without)]
    query = select(row.starts, row.ends, sessions.c.gap).join_from(event_differences, sessions)
    return records.all_as(tx, Own, query.where(*wanted))


def put(tx: Connection, found: Difference) -> None:
    """Write it down, instead of what was known of this session."""
    mine = row.session_id == found.session_id
    values = records.values_of(found)
    if tx.execute(event_differences.update().where(mine).values(values)).rowcount == 0:
        tx.execute(event_differences.insert().values(values))


def settle(tx: Connection, session_id: str) -> bool:
    """It is over, whoever ended it. False: there was none."""
    mine = and_(row.session_id == session_id, row.kind != SETTLED)
    # Of what the platform never heard it need not hear the end. The race: it is told just now. The
    # deletion waits for that, and then finds that it was told.
    untold = event_differences.delete().where(mine, row.told_token.is_(None))
    if tx.execute(untold).rowcount:
        return True
    ended: dict[str, Any] = {"kind": SETTLED, "token": new_token(), "starts": None, "ends": None}
    return tx.execute(event_differences.update().where(mine).values(ended)).rowcount > 0


def new_token() -> str:
    return secrets.token_hex(8)
