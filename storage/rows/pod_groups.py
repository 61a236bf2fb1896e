"""Groups of pods as rows. What is in a group is said by the sessions that name it."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from domain.history import HistoryStep, Kept
from domain.pod_groups import PodGroup
from domain.sessions import Context, Session
from storage.schema.database import insert
from storage.schema.history import note
from storage.schema.tables import pod_groups, sessions

row = pod_groups.c


def new_id() -> str:
    return "grp_" + secrets.token_hex(12)


def begin(tx: Connection, group: PodGroup, *, now: datetime) -> None:
    """The group is there from now on; one of this id that is there already stays as it is."""
    values = {
        "id": group.id,
        "title": group.title,
        "context": group.context.as_json(),
        "created_at": now,
    }
    tx.execute(insert(tx, pod_groups).values(values).on_conflict_do_nothing())


def get(tx: Connection, group_id: str) -> PodGroup | None:
    return _one(tx, select(pod_groups).where(row.id == group_id))


def lock(tx: Connection, group_id: str) -> PodGroup | None:
    """The group, locked until the transaction ends. On SQLite the file is locked as it is."""
    return _one(tx, select(pod_groups).where(row.id == group_id).with_for_update())


def _one(tx: Connection, query: Select[Any]) -> PodGroup | None:
    found = tx.execute(query).first()
    if found is None:
        return None
    return PodGroup(found.id, found.title, Context.of_json(found.context))


def choices(tx: Connection, group: PodGroup) -> list[str]:
    """The groups that are a choice with this one, itself among them."""
    query = select(row.id, row.context).where(row.title.is_not_distinct_from(group.title))
    in_use = select(sessions.c.group_id).where(sessions.c.active, sessions.c.group_id.is_not(None))
    context = group.context.as_json()
    # Compared here: PostgreSQL knows no equality of JSON, and to SQLite it is a text.
    found = tx.execute(query.where(row.id.in_(in_use)).order_by(row.created_at, row.id))
    return [each.id for each in found if each.context == context]


def adopt(tx: Connection, pod: Session, *, now: datetime) -> str:
    """Make a pod that the release before made, or that was of another format, a group of its own.
    Whoever calls holds its coach's lock.
    """
    group_id = new_id()
    begin(tx, PodGroup(group_id, pod.title, pod.context), now=now)
    mine = sessions.c.id == pod.id
    tx.execute(sessions.update().where(mine).values(group_id=group_id))
    grouped: Kept = {"group_id": group_id}
    note(tx, HistoryStep(now, "changed", pod.coach_id, pod.id, after=grouped))
    return group_id
