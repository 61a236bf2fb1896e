"""One-time states of the connect flow, as hashes: for one coach, and for one session where a page began it."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete

from storage.tables import oauth_states


def issue(
    tx: Connection, state: str, coach_id: str, *, session: str | None, expires_at: datetime, now: datetime
) -> None:
    """`session`: a secret of the browser that alone may come back with this state; None: any may."""
    tx.execute(delete(oauth_states).where(oauth_states.c.expires_at <= now))
    values = {"state_hash": _digest(state, session), "coach_id": coach_id, "expires_at": expires_at}
    tx.execute(oauth_states.insert().values(values))


def redeem(tx: Connection, state: str, *, session: str | None, now: datetime) -> str | None:
    """The coach the state was issued for; it can be redeemed once. None: unknown, another's, used, expired."""
    row = oauth_states.c
    known = [_digest(state, None), _digest(state, session)]
    gone = delete(oauth_states).where(row.state_hash.in_(known)).returning(row.coach_id, row.expires_at)
    found = tx.execute(gone).first()
    return None if found is None or found.expires_at <= now else str(found.coach_id)


def _digest(state: str, session: str | None) -> bytes:
    return sha256(f"{state} {session or ''}".encode()).digest()
