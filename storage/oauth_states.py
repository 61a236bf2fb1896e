"""One-time states of the connect flow: kept as hashes, bound to a coach and a browser, gone after ten minutes."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete

from storage.tables import oauth_states


@dataclass(frozen=True, slots=True)
class Redeemed:
    coach_id: str
    expires_at: datetime


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def issue(tx: Connection, state: str, coach_id: str, *, expires_at: datetime, now: datetime) -> None:
    tx.execute(delete(oauth_states).where(oauth_states.c.expires_at <= now))
    tx.execute(oauth_states.insert().values(state_hash=digest(state), coach_id=coach_id, expires_at=expires_at))


def redeem(tx: Connection, state: str, *, now: datetime) -> str | None:
    """The coach the state was issued for; it can be redeemed once. None: unknown, used, or expired."""
    row = oauth_states.c
    gone = delete(oauth_states).where(row.state_hash == digest(state)).returning(row.coach_id, row.expires_at)
    found = tx.execute(gone).first()
    return None if found is None or found.expires_at <= now else str(found.coach_id)
