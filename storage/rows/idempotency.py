"""Answers kept under the Idempotency-Key of the write they belong to, per client, for 48 hours.

The key is written first: on PostgreSQL a second request with it waits there until the first one has
committed its answer, or taken all back; on SQLite the transaction itself waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import orjson
from sqlalchemy import ColumnElement, Connection, and_, select, tuple_

from storage.schema.database import insert
from storage.schema.tables import idempotency

KEPT = timedelta(hours=48)
AT_ONCE = 500
BEGUN = 102
"""The status of a write that is done in several transactions, until all of it is answered:
its answer is its plan.
"""

row = idempotency.c


class KeyReused(Exception):
    """The key belongs to another request; nothing is written."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a write answered: an HTTP status, and a body that is JSON, or empty where there is
    nothing to say.

    A repeat over the API is given the very bytes; whoever looks for a person in them reads the
    `document`.
    """

    status: int
    body: bytes

    @classmethod
    def of(cls, status: int, document: Any) -> Self:
        """The answer that says this; None: it says nothing."""
        if document is None:
            return cls(status, b"")
        return cls(status, orjson.dumps(document))

    @property
    def document(self) -> Any:
        if not self.body:
            return None
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            # The release before wrote the bare id of what a page had changed;
            # it may still run beside this one.
            return self.body.decode(errors="replace")


def begin(
    tx: Connection, client_id: str, key: str, digest: bytes, *, now: datetime
) -> StoredAnswer | None:
    """The stored answer to this request; None: do the work, and `remember` what it answers, in this
    transaction.

    Raises KeyReused.
    """
    if claim(tx, client_id, key, digest, None, now=now):
        return None
    return _stored(tx, digest, _is(client_id, key))


def known(
    tx: Connection, client_id: str, key: str, digest: bytes, *, now: datetime
) -> StoredAnswer | None:
    """The stored answer to this request, if there is one. Raises KeyReused."""
    return _stored(tx, digest, and_(_is(client_id, key), row.created_at > now - KEPT))


def _stored(tx: Connection, digest: bytes, where: ColumnElement[bool]) -> StoredAnswer | None:
    found = tx.execute(select(row.digest, row.status, row.answer).where(where)).first()
    if found is None:
        return None
    if found.digest != digest:
        raise KeyReused
    return StoredAnswer(found.status, found.answer)


def claim(
    tx: Connection,
    client_id: str,
    key: str,
    digest: bytes,
    answer: StoredAnswer | None,
    *,
    now: datetime,
) -> bool:
    """Write the key, with the answer if there is one already.
    False: it is known and kept, and nothing is written.
    """
    values = {"digest": digest, "created_at": now, "status": None, "answer": None}
    if answer is not None:
        values |= {"status": answer.status, "answer": answer.body}
    mine = insert(tx, idempotency).values(client_id=client_id, key=key, **values)
    # An old key that the clock has not dropped yet is as good as none: this write takes its place.
    old = mine.on_conflict_do_update(
        index_elements=["client_id", "key"], set_=values, where=row.created_at <= now - KEPT
    )
    return tx.execute(old.returning(row.key)).first() is not None


def remember(tx: Connection, client_id: str, key: str, answer: StoredAnswer) -> None:
    tx.execute(
        idempotency.update()
        .where(_is(client_id, key))
        .values(status=answer.status, answer=answer.body)
    )


def settle(tx: Connection, client_id: str, key: str, answer: StoredAnswer) -> None:
    """Answer a write that was begun; if the same request did so meanwhile, its answer stays."""
    begun = and_(_is(client_id, key), row.status == BEGUN)
    tx.execute(idempotency.update().where(begun).values(status=answer.status, answer=answer.body))


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many were older than they are kept."""
    return tx.execute(idempotency.delete().where(row.created_at <= now - KEPT)).rowcount


def _is(client_id: str, key: str) -> ColumnElement[bool]:
    return and_(row.client_id == client_id, row.key == key)


def drop(tx: Connection, keys: Sequence[tuple[str, str]]) -> int:
    """Forget the answers to these keys, each with whose it is. How many keys there were."""
    # SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535, and two go with each key.
    for place in range(0, len(keys), AT_ONCE):
        named = tuple_(idempotency.c.client_id, idempotency.c.key)
        some = keys[place : place + AT_ONCE]
        tx.execute(idempotency.delete().where(named.in_(some)))
    return len(keys)
