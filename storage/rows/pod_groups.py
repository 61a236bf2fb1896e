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
from storage.schema.tables import bookings, pod_groups, sessions

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


def chosen_before(tx: Connection, pod: Session, participant_id: str) -> str | None:
    """The pod of another group that this participant once chose, where both groups are a choice:
    they were begun under one title in one programme. One that was called off binds nobody.
    """
    pods, seat = sessions.c, bookings.c
    query = (
        select(pods.id, pods.group_id, pods.title, pods.context)
        .add_columns(row.title.label("begun_title"), row.context.label("begun_context"))
        .join(bookings, seat.session_id == pods.id)
        .outerjoin(pod_groups, row.id == pods.group_id)
        .where(seat.participant_id == participant_id, pods.format == "hybrid_v2", pods.active)
        .where(pods.id != pod.id)
        .order_by(seat.created_at, seat.id)
    )
    if pod.group_id is not None:
        query = query.where(pods.group_id.is_distinct_from(pod.group_id))
    same = _name(tx, pod)
    # Compared here: PostgreSQL knows no equality of JSON, and to SQLite it is a text.
    for found in tx.execute(query):
        # Those that the release before made are in no group yet: each is one by itself.
        name = (found.title, found.context)
        if found.begun_context is not None:
            name = (found.begun_title, found.begun_context)
        if name == same:
            return str(found.id)
    return None


def _name(tx: Connection, pod: Session) -> tuple[str | None, Any]:
    """What the pod's group was begun under."""
    query = select(row.title, row.context)
    found = tx.execute(query.where(row.id == pod.group_id)).first()
    if found is None:
        return pod.title, pod.context.as_json()
    return found.title, found.context


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
