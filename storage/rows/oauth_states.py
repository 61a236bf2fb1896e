"""States of the connect flow, as hashes: each for one coach, and for the one browser that began.

issued        (no outcome)   sent along to the consent
asking        this browser came back, and its code is being exchanged: once, however often it comes
to_confirm    the account is known, and its tokens are kept sealed until the person says yes or no
connected     or `declined`, `refused`, `in_use`, `away`: how it ended, whenever this browser asks
              again
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, not_, or_, select

from storage.schema import records
from storage.schema.tables import oauth_states

Outcome = Literal["asking", "to_confirm", "connected", "declined", "refused", "in_use", "away"]

KEPT = timedelta(hours=1)
"""So long is it known where somebody who comes too late goes back to."""

row = oauth_states.c


@dataclass(frozen=True, slots=True)
class Attempt:
    """`account`: the address that agreed, and `sealed` its tokens,
    both only until it is confirmed.
    """

    coach_id: str
    outcome: Outcome | None
    return_url: str | None = None
    account: str | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Now:
    """How it stands now, and until when that is known."""

    outcome: Outcome
    expires_at: datetime
    account: str | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


def issue(
    tx: Connection,
    state: str,
    coach_id: str,
    *,
    browser: str,
    expires_at: datetime,
    now: datetime,
    return_url: str | None = None,
) -> None:
    """`browser`: a secret of the browser that alone may come back with this state."""
    drop_old(tx, now=now)
    values = {"state_hash": hash_of(state, browser), "coach_id": coach_id, "expires_at": expires_at}
    tx.execute(oauth_states.insert().values(values | {"return_url": return_url}))


def find(tx: Connection, state: str, *, browser: str, now: datetime) -> Attempt | None:
    """What has come of it so far. None: unknown, another browser's, or too old."""
    query = select(row.coach_id, row.outcome, row.return_url, row.account, row.sealed)
    return records.first_as(tx, Attempt, query.where(_is(state, browser), row.expires_at > now))


def return_url_of(tx: Connection, state: str, *, browser: str) -> str | None:
    """Where this browser goes back to, also an hour after it came too late."""
    return tx.execute(select(row.return_url).where(_is(state, browser))).scalar()


def advance(tx: Connection, state: str, browser: str, was: Outcome | None, now_is: Now) -> bool:
    """From one outcome to the next. Of two at once, one does it:
    False for the other, who looks again.
    """
    # The race: a person comes back twice with one code, which may be exchanged once (RFC 6749
    # 4.1.2). Whoever makes the first step exchanges it, and the other one waits for the outcome.
    # Not `==`: the first step is from no outcome at all, and NULL equals nothing.
    step = oauth_states.update().where(_is(state, browser), row.outcome.is_not_distinct_from(was))
    return tx.execute(step.values(records.values_of(now_is))).rowcount == 1


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many were over for an hour; not those whose tokens have to be given back yet."""
    over = delete(oauth_states).where(row.expires_at <= now - KEPT, row.sealed.is_(None))
    return tx.execute(over).rowcount


def abandoned(tx: Connection, *, now: datetime, limit: int) -> list[tuple[bytes, bytes]]:
    """Of those that nobody said yes or no to in time:
    their state's hash, and their sealed tokens.
    """
    query = select(row.state_hash, row.sealed).where(row.expires_at <= now, row.sealed.is_not(None))
    return [(found.state_hash, found.sealed) for found in tx.execute(query.limit(limit))]


def end_of_coach(tx: Connection, coach_id: str, *, now: datetime) -> int:
    """Forget the coach's, but for those whose tokens have to be given back, or whose code is being
    exchanged for some just now. How many are left; none of them can be confirmed any more.
    """
    theirs = row.coach_id == coach_id
    # The race: a browser came back, and Cronofy is being asked. What comes of it needs its row, or
    # nobody could end an access that was granted in this moment.
    # Not `==`: one that was only issued has no outcome, and what is compared with null is neither.
    asking = and_(row.outcome.is_not_distinct_from("asking"), row.expires_at > now)
    granted = row.sealed.is_not(None)
    tx.execute(delete(oauth_states).where(theirs, not_(or_(granted, asking))))
    over = {"expires_at": now, "account": None, "return_url": None}
    tx.execute(oauth_states.update().where(theirs, granted, row.expires_at > now).values(over))
    return tx.scalar(select(func.count()).where(theirs)) or 0


def forget(tx: Connection, state_hash: bytes) -> None:
    tx.execute(delete(oauth_states).where(row.state_hash == state_hash))


def owner(state_hash: bytes) -> str:
    """Whose the tokens are that wait in this row, as the vault seals them."""
    return f"consent {state_hash.hex()}"


def hash_of(state: str, browser: str) -> bytes:
    """The state of this browser: for any other one the same state is nothing."""
    return sha256(f"{state} {browser}".encode("utf-8", "surrogateescape")).digest()


def _is(state: str, browser: str) -> ColumnElement[bool]:
    return row.state_hash == hash_of(state, browser)
