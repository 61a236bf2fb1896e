"""API clients and their keys `cck_<id>_<secret>`:
256 random bits, kept as SHA-256, at most two active a client.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from storage.schema.tables import api_clients, api_keys

SCOPES = (
    "slots:read",
    "coaches:read",
    "coaches:write",
    "bookings:read",
    "bookings:write",
    "bookings:force",
    "events:read",
    "mailers:write",
    "links:write",
    "webhooks:write",
    "people:erase",
    "coach",
    "ops",
    "ops:read",
)
ACTIVE_KEYS = 2
# Compared with when the id is unknown, so that a wrong id takes as long as a wrong secret.
NOBODY = sha256(b"nobody").digest()


class TooManyKeys(Exception):
    """The client has two active keys: revoke one first."""


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    client_id: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def actor(self) -> str:
        """As the diary tells it."""
        return f"{self.client_id}/{self.id}"


def create_key(
    tx: Connection,
    client_id: str,
    scopes: tuple[str, ...],
    *,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Give the client these scopes and one more key. Returns the key in full, for the only time."""
    # The race: two make a key at once, each sees one active key, and there are three. The client's
    # row is locked: they come one after the other. Of a client that is new the second one fails.
    mine = select(api_clients.c.id).where(api_clients.c.id == client_id)
    known = tx.scalar(mine.with_for_update())
    if known is None:
        tx.execute(api_clients.insert().values(id=client_id, scopes=scopes))
    else:
        tx.execute(api_clients.update().where(api_clients.c.id == client_id).values(scopes=scopes))
    active = select(func.count()).where(api_keys.c.client_id == client_id, *_active(now))
    if (tx.scalar(active) or 0) >= ACTIVE_KEYS:
        raise TooManyKeys(
            f"{client_id} has {ACTIVE_KEYS} active keys: revoke one first (coachcal keys list)"
        )
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    hashed = sha256(secret.encode()).digest()
    tx.execute(
        api_keys.insert().values(
            id=key_id,
            client_id=client_id,
            secret_hash=hashed,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return f"cck_{key_id}_{secret}"


def authenticate(tx: Connection, key: str, *, now: datetime) -> Key | None:
    """The key's client and scopes; None when it is unknown, expired or revoked."""
    prefix, _, rest = key.partition("_")
    key_id, _, secret = rest.partition("_")
    query = (
        select(api_keys, api_clients.c.scopes)
        .join(api_clients)
        .where(api_keys.c.id == key_id, *_active(now))
    )
    found = tx.execute(query).first()
    known = NOBODY
    if found is not None:
        known = found.secret_hash
    same = compare_digest(known, sha256(secret.encode()).digest())
    fits = same and prefix == "cck"
    if found is None or not fits:
        return None
    return _key(found)


def revoke_key(tx: Connection, key_id: str, *, now: datetime) -> bool:
    alive = api_keys.update().where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    return tx.execute(alive.values(revoked_at=now)).rowcount == 1


def key_of(tx: Connection, key_id: str) -> Key | None:
    """The key of this id as it stands, revoked and expired ones too; None for none."""
    query = select(api_keys, api_clients.c.scopes).join(api_clients).where(api_keys.c.id == key_id)
    found = tx.execute(query).first()
    if found is None:
        return None
    return _key(found)


def list_keys(tx: Connection) -> list[Key]:
    query = (
        select(api_keys, api_clients.c.scopes)
        .join(api_clients)
        .order_by(api_keys.c.client_id, api_keys.c.created_at)
    )
    return list(map(_key, tx.execute(query)))


def _active(now: datetime) -> tuple[ColumnElement[bool], ...]:
    row = api_keys.c
    return row.revoked_at.is_(None), or_(row.expires_at.is_(None), row.expires_at > now)


def _key(row: Row[Any]) -> Key:
    return Key(
        row.id, row.client_id, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at
    )
