"""Free/busy as last read: one packed row a connection, replaced whole or not at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.accounts import Account
from domain.coaches import Coach
from domain.freebusy import Reading
from storage import accounts, calendars, coaches, conflicts, connections, slots
from storage.connections import Claim
from storage.database import clock_ms
from storage.tables import busy

# A profile in its first sync is looked at again this soon: its "completed" push is skipped when the sync won the race.
SYNC_POLL_MS = 30_000


@dataclass(frozen=True, slots=True)
class Observed:
    """What one read of a connection brought: the periods up to `window_end` (epoch seconds), and userinfo if due."""

    reading: Reading
    window_end: int
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """`version` of the coach's slot set now, whether this read changed it, whether the next read is due already, and
    the ids of the sessions that it showed to be in conflict."""

    version: int
    changed: bool
    again: bool
    conflicts: tuple[str, ...] = ()


def store(tx: Connection, held: Claim, observed: Observed, *, now: datetime) -> Stored | None:
    """Periods, slot set and done_gen in one transaction: no reader sees one without the others.

    None when the lease was lost to somebody else: then nothing is written.
    """
    coach = coaches.lock(tx, held.coach_id)
    again = connections.finish(tx, held, last_ok_at=now, last_error=None, **_seen(observed.account))
    if coach is None or again is None:
        return None
    if observed.account is not None:
        accounts.describe(tx, held.connection_id, observed.account)
    replaced = _replace(tx, held.connection_id, observed)
    met = _follow_up(tx, coach, observed.account, now=now)
    if not replaced and observed.account is None and slots.is_current(tx, coach, now=now):
        return Stored(slots.version(tx, coach.id), changed=False, again=again, conflicts=met)
    version, changed = slots.recompute(tx, coach, now=now)
    return Stored(version, changed, again, met)


def forget(tx: Connection, connection_id: str, *, now: datetime) -> None:
    """Erase a connection with everything that came from it, and make its coach's set anew without it."""
    coach_id = accounts.coach_of(tx, connection_id)
    coach = coaches.lock(tx, coach_id) if coach_id else None
    accounts.unlink(tx, connection_id)
    if coach is not None:
        calendars.owe_moves(tx, coach.id, now=now)
        conflicts.flag(tx, coach, now=now)
        slots.recompute(tx, coach, now=now)


def _follow_up(tx: Connection, coach: Coach, account: Account | None, *, now: datetime) -> tuple[str, ...]:
    """What a read means for the sessions that are booked: where they are written, and which are in conflict now.

    An account in its first sync shows too little to tell either; one without credentials may list too few calendars.
    """
    trouble = account.trouble if account is not None else None
    if account is not None and trouble is None:
        calendars.owe_moves(tx, coach.id, now=now)
    return () if trouble == "initial_sync" else conflicts.flag(tx, coach, now=now)


def _seen(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    values: dict[str, Any] = {"trouble": account.trouble, "userinfo_due": account.trouble is not None}
    if account.trouble == "initial_sync":
        row = connections.row
        values |= {"req_gen": row.req_gen + 1, "next_attempt_at_ms": clock_ms() + SYNC_POLL_MS}
    return values


def _replace(tx: Connection, connection_id: str, observed: Observed) -> bool:
    """Write the row unless it says the same already."""
    digest = observed.reading.digest()
    mine = busy.c.connection_id == connection_id
    before = tx.execute(select(busy.c.digest, busy.c.window_end).where(mine)).first()
    if before is not None and (before.digest, before.window_end) == (digest, observed.window_end):
        return False
    values = {"reading": observed.reading.pack(), "digest": digest, "window_end": observed.window_end}
    if before is None:
        tx.execute(busy.insert().values(connection_id=connection_id, **values))
    else:
        tx.execute(busy.update().where(mine).values(values))
    return True
