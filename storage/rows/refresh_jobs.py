"""Connections: a coach's Cronofy accounts. The row is the refresh job; a queued message is only a
wake-up with its id.

              a notification: req_gen + 1                     claim
    clean  ------------------------------->  dirty  ------------------------>  taken
      ^                                      ^   ^                             |  |
      |                                      |   |   give_back: it failed      |  |
      |                                      |   |   doubt: not believed yet   |  |
      |                                      |   +-----------------------------+  |
      |                                      |       finish, and more came        |
      |   finish, give_up: done_gen = the    +------------------------------------+
      |   generation that was claimed                                             |
      +---------------------------------------------------------------------------+

    clean            done_gen = req_gen
    dirty            done_gen < req_gen: a read that starts later than the last notification is owed
    taken            dirty, with a lease_token: somebody is reading, or was and may still come back;
                     once its lease is over anybody may claim it again (storage.schema.leases)

A notification moves req_gen up, a claim remembers which generation it will have served, and storing
the result moves done_gen up to that one: what arrived during the read stays owed. All of it
compares the database's clock. Only what is dirty is ever taken, and whoever ends a read gives its
token back: what is clean is not taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)

from domain import push_waits
from domain.accounts import Trouble
from domain.push_stages import Failure
from storage.schema import records
from storage.schema.database_clock import clock_ms
from storage.schema.leases import Lease, taking
from storage.schema.tables import connections

# A wake-up that was sent gets this long before the sweeper sends another. The first is short,
# because Redis may have lost it; later ones are long, because a queue that is merely full must not
# be flooded (measured: it never recovered).
FIRST_WAKE_MS = 2_000
NEXT_WAKE_MS = 10_000

DOUBTED = "most of a calendar vanished in one read: it is read again before that is believed"

row = connections.c
LEASE = Lease(row.lease_token, row.lease_until_ms)
DIRTY = row.done_gen < row.req_gen
DUE = row.next_attempt_at_ms <= clock_ms()
WAITS = and_(DIRTY, LEASE.open, DUE)
"""Somebody may read it now, and nobody does."""
UNWOKEN = and_(WAITS, row.wake_after_ms <= clock_ms())
"""And nobody was woken for it lately."""


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """The right to read one connection until its lease ends;
    `lease_token` fences off whoever slept past it.
    """

    connection_id: str
    coach_id: str
    generation: int
    lease_token: str
    claimed_at_ms: int
    attempts: int
    userinfo_due: bool
    erase_due: bool
    due_at_ms: int = 0
    """From when on it might have been taken."""
    failure: Failure | None = None
    """Why the read before broke off, if it did."""


def claim(tx: Connection, connection_id: str, *, lease_ms: int, gap_ms: int) -> ReadClaim | None:
    """Take the connection to read it, or None: clean, already being read, or not due yet."""
    # The race: one connection is woken twice, and two workers read it. The look and the taking are
    # one statement: the second of two finds a lease that lasts.
    statement = (
        connections.update()
        .where(row.id == connection_id, DIRTY, LEASE.open, DUE)
        .values(
            **LEASE.take(lease_ms),
            wake_after_ms=clock_ms() + lease_ms,
            due_at_ms=row.next_attempt_at_ms,
            next_attempt_at_ms=clock_ms() + gap_ms,
            attempts=row.attempts + 1,
        )
        .returning(
            row.id,
            row.coach_id,
            row.req_gen,
            row.lease_token,
            row.lease_until_ms - lease_ms,
            row.attempts,
            row.userinfo_due,
            row.erase_due,
            row.due_at_ms,
            row.failure,
        )
    )
    return records.first_as(tx, ReadClaim, statement)


@dataclass(frozen=True, slots=True)
class Before:
    """What was known of a connection when its read began, or was learnt meanwhile.
    `newer`: pushes came since. `push_waits`: see domain.push_waits. `changed_at`: when its periods
    last changed. `now_ms`: the database's clock.
    """

    trouble: str | None
    doubted: bytes | None
    pushed_since_ms: int | None
    newer: bool
    push_waits: bytes | None
    changed_at: datetime | None
    now_ms: int

    def served_by(self, claimed: ReadClaim) -> int | None:
        """Since when the push waited that this read served; None: it served none.
        One that came during the read waits for the next.
        """
        since = self.pushed_since_ms
        if since is None or since > claimed.claimed_at_ms:
            return None
        # Of a push in the very millisecond of the claim only the generation says which was first.
        if since == claimed.claimed_at_ms and self.newer:
            return None
        return since

    def timed(self, served: int | None, *, now: datetime) -> dict[str, Any]:
        """The latest waits of the connection, with that of the push that waited since `served`."""
        if served is None:
            return {}
        # The price: in the row that is written anyhow, so a coach's figures cost no write of their
        # own.
        ended, waited = int(now.timestamp()), self.now_ms - served
        return {"push_waits": push_waits.with_one_more(self.push_waits, at=ended, ms=waited)}


def before(tx: Connection, claimed: ReadClaim) -> Before | None:
    """None: the lease was lost."""
    newer = row.req_gen > claimed.generation
    known = (row.trouble, row.doubted, row.pushed_since_ms, newer, row.push_waits)
    query = select(*known, row.changed_at, clock_ms())
    mine = and_(row.id == claimed.connection_id, LEASE.by(claimed.lease_token))
    return records.first_as(tx, Before, query.where(mine))


def is_erasing(tx: Connection, claimed: ReadClaim) -> bool:
    """Whether the account is still to be erased, by this claim:
    not if it was connected again. Locks its row.
    """
    query = select(row.id).where(
        row.id == claimed.connection_id, LEASE.by(claimed.lease_token), row.erase_due
    )
    return tx.scalar(query.with_for_update()) is not None


def finish(tx: Connection, claimed: ReadClaim, **values: Any) -> bool | None:
    """Record that the claimed generation was read. True: dirty again, and due.
    None: the lease was lost.
    """
    # The race: a push comes while its connection is read, too late for that read. It has moved
    # req_gen past the generation that was claimed, so the connection stays dirty.
    still_dirty = row.req_gen > claimed.generation
    served = or_(not_(still_dirty), row.pushed_since_ms.is_(None))
    # Since when that push waits, nobody wrote down where an earlier one waited already. It came
    # after the claim: the claim's own moment is the longest that it can have been.
    during = case(
        (row.pushed_since_ms > claimed.claimed_at_ms, row.pushed_since_ms),
        else_=claimed.claimed_at_ms,
    )
    values |= {
        "done_gen": claimed.generation,
        "dirty_since_ms": case((still_dirty, literal(claimed.claimed_at_ms)), else_=None),
        "pushed_since_ms": case((served, None), else_=during),
        "attempts": 0,
        "failure": None,
    }
    return _release(tx, claimed, values)


def doubt(tx: Connection, claimed: ReadClaim, digest: bytes) -> bool | None:
    """Record that what was read is not believed before it was read again:
    the generation stays owed. As `finish`.
    """
    values = {"doubted": digest, "last_error": DOUBTED, "attempts": 0, "failure": None}
    return _release(tx, claimed, values)


def give_back(
    tx: Connection,
    claimed: ReadClaim,
    *,
    error: str,
    retry_in_ms: int,
    failure: Failure = "fault",
) -> bool:
    """Record that the read failed, by whose fault, and when to try again; the generation stays
    owed. False: the lease was lost.
    """
    values = {
        "next_attempt_at_ms": clock_ms() + retry_in_ms,
        "last_error": error,
        "failure": failure,
    }
    return _release(tx, claimed, values) is not None


def give_up(tx: Connection, claimed: ReadClaim, *, error: str, trouble: Trouble) -> bool:
    """Record that trying again is useless until the coach or the provider acts.
    False: the lease was lost.
    """
    return finish(tx, claimed, last_error=error, trouble=trouble, userinfo_due=True) is not None


def _release(tx: Connection, claimed: ReadClaim, values: dict[str, Any]) -> bool | None:
    # The race: a reader sleeps past its lease, another reads and stores what is newer, the first
    # wakes up and stores what is old. Its token is gone by then: it writes nothing at all.
    values |= LEASE.end() | {"wake_after_ms": clock_ms()}
    mine = and_(row.id == claimed.connection_id, LEASE.by(claimed.lease_token))
    released = connections.update().where(mine).values(values)
    found = tx.execute(released.returning(and_(DIRTY, DUE))).first()
    if found is None:
        return None
    return bool(found[0])


def to_sweep(tx: Connection) -> bool:
    """Whether `sweep` would find any, asked without a lock."""
    return tx.scalar(select(row.id).where(UNWOKEN).limit(1)) is not None


def sweep(tx: Connection, *, idle: bool = False, limit: int = 500) -> list[str]:
    """The connections that are owed a read and that nobody was woken for lately.
    One caller gets each. `idle`: no wake-up waits in their queue.
    """
    # The race: two sweepers find the same rows, and wake for each twice. Whoever finds one moves
    # `wake_after_ms` on in the same statement.
    waiting = select(row.id).where(UNWOKEN)
    pause = FIRST_WAKE_MS if idle else NEXT_WAKE_MS
    later = {"wake_after_ms": clock_ms() + pause}
    return take(tx, waiting.order_by(row.wake_after_ms).limit(limit), later)


def not_woken(tx: Connection, connection_ids: Sequence[str]) -> None:
    """These were swept, and nobody could be woken: the next sweep takes them again."""
    statement = connections.update().where(row.id.in_(connection_ids), WAITS)
    tx.execute(statement.values(wake_after_ms=clock_ms()))


@dataclass(frozen=True, slots=True)
class Backlog:
    dirty: int
    oldest_seconds: float


def backlog(tx: Connection) -> Backlog:
    """How many connections are owed a read, and how old the oldest debt is."""
    query = select(func.count(), func.min(row.dirty_since_ms), clock_ms()).where(DIRTY)
    count, oldest, now = tx.execute(query).one()
    if oldest is None:
        return Backlog(count, 0.0)
    return Backlog(count, (now - oldest) / 1000)


def take(tx: Connection, wanted: Select[tuple[str]], values: dict[str, Any]) -> list[str]:
    return list(tx.scalars(taking(connections, wanted).values(values).returning(row.id)))


def owed(tx: Connection, connection_ids: Sequence[str]) -> list[str]:
    """Which of these are owed a read."""
    return list(tx.scalars(select(row.id).where(row.id.in_(connection_ids), DIRTY)))
