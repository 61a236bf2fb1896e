"""Webhook endpoints as rows, and the attempts to reach them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from domain.sessions import Refused, Unknown
from domain.webhook_endpoints import MOST, OF_SETTINGS, WebhookEndpoint
from storage.rows import owed_callbacks
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import outbox, webhook_attempts, webhook_endpoints

KEPT = timedelta(days=14)
"""So long how an attempt went is known."""
TAKEN_EVERY = timedelta(minutes=1)
AT_ONCE = 1_000
LISTS = ("types", "coach_ids", "company_ids")
row = webhook_endpoints.c
tried = webhook_attempts.c


@dataclass(frozen=True, slots=True)
class PostAttempt:
    """`status` None: nobody answered in time."""

    event_id: str
    topic: str
    at: datetime
    status: int | None
    duration_ms: int


def new_id() -> str:
    return "whe_" + secrets.token_hex(12)


def add(tx: Connection, endpoint: WebhookEndpoint) -> None:
    """Raises Refused for one too many."""
    if len(find_all(tx)) >= MOST:
        detail = f"There are {MOST} endpoints: delete one that nobody listens at any more."
        raise Refused("too_many_endpoints", detail)
    tx.execute(webhook_endpoints.insert().values(records.values_of(endpoint)))


def get(tx: Connection, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint:
    """Raises Unknown."""
    query = _query().where(row.id == endpoint_id)
    if lock:
        query = query.with_for_update()
    found = tx.execute(query).first()
    if found is None:
        raise Unknown("endpoint", endpoint_id)
    return _of(found)


def find_all(tx: Connection) -> list[WebhookEndpoint]:
    """The oldest first."""
    return list(map(_of, tx.execute(_query().order_by(row.created_at, row.id))))


def change(tx: Connection, endpoint_id: str, **values: Any) -> None:
    tx.execute(webhook_endpoints.update().where(row.id == endpoint_id).values(values))


def deleted(tx: Connection) -> list[str]:
    """The ids of those of which rows are left."""
    return list(tx.scalars(select(row.id).where(row.deleted_at.is_not(None))))


def drop_attempts(tx: Connection, endpoint_id: str) -> int:
    """Some of what was tried at one that was deleted; fewer than AT_ONCE, and none is left."""
    mine = select(tried.seq).where(tried.endpoint_id == endpoint_id).limit(AT_ONCE)
    return tx.execute(webhook_attempts.delete().where(tried.seq.in_(mine))).rowcount


def delete(tx: Connection, endpoint_id: str) -> None:
    tx.execute(webhook_attempts.delete().where(tried.endpoint_id == endpoint_id))
    tx.execute(webhook_endpoints.delete().where(row.id == endpoint_id))


def keep_of_settings(tx: Connection, url: str | None, *, now: datetime) -> None:
    """The endpoint that the settings name stands among the others, as they have it now."""
    known = tx.scalar(select(row.url).where(row.id == OF_SETTINGS))
    if url is None or known == url:
        if url is None and known is not None:
            delete(tx, OF_SETTINGS)
        return
    values = {"id": OF_SETTINGS, "url": url, "created_at": now, "version": "2026-06-01"}
    added = insert(tx, webhook_endpoints).values(values)
    tx.execute(added.on_conflict_do_update(index_elements=["id"], set_={"url": url}))


def note(tx: Connection, endpoint_id: str, attempt: PostAttempt, *, taken: bool) -> None:
    """How an attempt went, and since when none went well."""
    values = records.values_of(attempt) | {"endpoint_id": endpoint_id}
    tx.execute(webhook_attempts.insert().values(values))
    mine = webhook_endpoints.update().where(row.id == endpoint_id)
    # One row for all of its senders: written when it says something new, and not each time.
    if taken:
        known = row.taken_at > attempt.at - TAKEN_EVERY
        new = or_(row.failing_since.is_not(None), row.taken_at.is_(None), ~known)
        tx.execute(mine.where(new).values(failing_since=None, taken_at=attempt.at))
    else:
        tx.execute(mine.where(row.failing_since.is_(None)).values(failing_since=attempt.at))


def attempts(tx: Connection, endpoint_id: str, *, limit: int) -> list[PostAttempt]:
    """The latest first."""
    query = select(*records.columns_of(webhook_attempts, PostAttempt))
    mine = query.where(tried.endpoint_id == endpoint_id).order_by(tried.seq.desc())
    return records.all_as(tx, PostAttempt, mine.limit(limit))


def drop_old(tx: Connection, *, now: datetime, limit: int = AT_ONCE) -> int:
    """How many attempts were older than they are kept; `limit` at most, the oldest first."""
    old = select(tried.seq).where(tried.at < now - KEPT).order_by(tried.at, tried.seq)
    return tx.execute(webhook_attempts.delete().where(tried.seq.in_(old.limit(limit)))).rowcount


def counts(tx: Connection, endpoint_id: str | None = None) -> dict[tuple[str, str], int]:
    """By endpoint and state, how many callbacks are owed or were given up: to this one alone, or
    to all. There may be a million: whoever shows them often shares a look.
    """
    owed = outbox.c
    whose = func.coalesce(owed.endpoint_id, OF_SETTINGS)
    query = select(whose, owed.state, func.count()).where(
        owed.kind == "callback", owed.state.in_(("pending", "sending", "dead"))
    )
    if endpoint_id is not None:
        query = query.where(owed_callbacks.of(endpoint_id))
    found = {}
    for mine, state, count in tx.execute(query.group_by(whose, owed.state)):
        found[mine, state] = count
    return found


def _query() -> Any:
    query = select(*records.columns_of(webhook_endpoints, WebhookEndpoint))
    return query.where(row.deleted_at.is_(None))


def _of(found: Row[Any]) -> WebhookEndpoint:
    values = dict(found._mapping)
    for name in LISTS:
        if values[name] is not None:
            values[name] = tuple(values[name])
    return WebhookEndpoint(**values)
