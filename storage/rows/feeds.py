"""Calendar feeds: one person's sessions each, to whoever has its address. What a token leads to is
kept here, and the token itself nowhere.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from domain.sessions import Refused
from storage.schema import records
from storage.schema.tables import feeds

MOST = 20
"""Of one person: each is a program that reads every few minutes."""

row = feeds.c


@dataclass(frozen=True, slots=True)
class Feed:
    """Whose sessions it holds: a coach's, or a participant's."""

    id: str
    coach_id: str | None
    participant_id: str | None
    language: str
    created_at: datetime


def make(tx: Connection, feed: Feed) -> str:
    """Answers its token, which is 192 random bits. Raises Refused for one too many."""
    mine = _of(feed.coach_id, feed.participant_id)
    if len(tx.execute(select(row.id).where(mine)).all()) >= MOST:
        detail = f"There are {MOST} feeds of theirs: revoke one that nobody reads any more."
        raise Refused("too_many_feeds", detail)
    token = secrets.token_urlsafe(24)
    values = records.values_of(feed) | {"token_hash": _digest(token)}
    tx.execute(feeds.insert().values(values))
    return token


def new_id() -> str:
    return "fed_" + secrets.token_hex(12)


def of_token(tx: Connection, token: str) -> Feed | None:
    """None: it was revoked, its person was erased, or there never was one."""
    return records.first_as(tx, Feed, _query().where(row.token_hash == _digest(token)))


def of_person(
    tx: Connection, *, coach_id: str | None = None, participant_id: str | None = None
) -> list[Feed]:
    """Theirs, the oldest first."""
    mine = _query().where(_of(coach_id, participant_id))
    return records.all_as(tx, Feed, mine.order_by(row.created_at, row.id))


def revoke(tx: Connection, feed_id: str) -> bool:
    """From now on its address leads nowhere. Whether there was such a feed."""
    return tx.execute(feeds.delete().where(row.id == feed_id)).rowcount > 0


def _query() -> Select[Any]:
    return select(*records.columns_of(feeds, Feed))


def _of(coach_id: str | None, participant_id: str | None) -> ColumnElement[bool]:
    if coach_id is not None:
        return row.coach_id == coach_id
    return row.participant_id == participant_id


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
