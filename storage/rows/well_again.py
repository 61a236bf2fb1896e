"""What waits because a neighbour was away: the first success with it shows that it is well, and
some of what waits need not wait any longer.

Each success pulls the next few forward, and those that were pulled and not taken yet count among
them: what comes back is not met by all of it at once, nor does what is new wait behind it. Whatever
was refused, or was asked to wait, keeps its wait.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select

from domain.webhook_endpoints import OF_SETTINGS
from storage.rows import owed_callbacks
from storage.rows.outbox_claims import DUE_NOW, Wake, wakes
from storage.rows.refresh_jobs import DIRTY, LEASE
from storage.schema.database_clock import clock_ms
from storage.schema.leases import taking
from storage.schema.tables import connections, outbox

PULLED_FORWARD = 5
SOON_MS = 2_000
LEFT_MS = 10_000
"""What was due for so long and was not taken stands in nobody's way."""
LATELY = timedelta(seconds=10)
"""Longer than what is pulled forward takes to begin, where the minimum gap is the usual one."""

row = outbox.c
read = connections.c


@dataclass(frozen=True, slots=True)
class Pulled:
    """`wakes`: who is to be woken. `more`: whether anything may still wait."""

    wakes: list[Wake]
    more: bool


def mails(tx: Connection, *, now: datetime) -> Pulled:
    """The mail server took one."""
    return _rows(tx, and_(row.kind == "mail", row.due_at <= now), row.due_at)


def callbacks(tx: Connection, endpoint_id: str | None, *, now: datetime) -> Pulled:
    """This endpoint took one: None is that of the settings. The oldest first, since others may wait
    for them.
    """
    mine = owed_callbacks.of(endpoint_id or OF_SETTINGS)
    if endpoint_id is None:
        return _rows(tx, and_(mine, row.due_at <= now), row.due_at)
    return _rows(tx, mine, row.created_at)


def cronofy(tx: Connection, *, gap_ms: int, now: datetime) -> Pulled:
    """Cronofy answered: calendars that are owed a read, for which the sweeper wakes, and sessions
    that are to be written into one. Called last in a transaction: what it locks belongs to others.
    """
    more = _reads(tx, gap_ms)
    rows = _rows(tx, and_(row.kind == "calendar", row.due_at <= now), row.due_at)
    return replace(rows, more=rows.more or more)


def cronofy_was_well(tx: Connection, *, at: datetime) -> bool:
    """Whether a calendar was read just before then: what began then and failed had a reason of its
    own.
    """
    # Without this an account that Cronofy never answers would be asked for again with each read
    # that goes well, as fast as reads go.
    lately = and_(read.last_ok_at > at - LATELY, read.last_ok_at < at)
    return tx.scalar(select(read.id).where(lately).limit(1)) is not None


def keep_wait(tx: Connection, connection_id: str) -> None:
    """This read failed, and not because Cronofy was away: nobody pulls it forward. By whoever gave
    it back, in the same transaction.
    """
    mine = connections.update().where(read.id == connection_id)
    tx.execute(mine.values(wake_after_ms=read.next_attempt_at_ms))


def _rows(tx: Connection, which: ColumnElement[bool], oldest: ColumnElement[datetime]) -> Pulled:
    # By age, as the indexes of states and endpoints have them: of an endpoint that is away a
    # hundred thousand may be in trouble, which no mail that is taken should look through.
    waits = and_(
        which,
        row.state == "pending",
        row.trouble == "away",
        row.next_attempt_at_ms > clock_ms() - LEFT_MS,
        # A mail whose every attempt ended with a connection cut after its last byte keeps its wait,
        # too: tried with each mail that is taken, it could come to its reader as often.
        row.unsure < row.attempts,
    )
    query = select(row.id).where(waits).order_by(oldest, row.id).limit(PULLED_FORWARD)
    # How long it has waited for a worker (storage.reports.idle) counts from here.
    now = DUE_NOW | {"next_attempt_at_ms": clock_ms()}
    pulled = taking(outbox, query).where(row.next_attempt_at_ms > clock_ms() + SOON_MS)
    found = wakes(tx, pulled.values(now).returning(row.id, row.kind))
    more = bool(found) or tx.scalar(select(row.id).where(waits).limit(1)) is not None
    return Pulled(found, more)


def _reads(tx: Connection, gap_ms: int) -> bool:
    """Whether any may still wait."""
    now = clock_ms()
    # The last read of one that waits ended at `wake_after_ms`: the minimum gap is kept, too.
    gap_ends = read.wake_after_ms + gap_ms
    earliest = case((gap_ends > now, gap_ends), else_=now)
    near = read.next_attempt_at_ms <= now + SOON_MS
    # Who keeps its wait is woken at its end (`keep_wait`).
    waits = and_(DIRTY, LEASE.open, read.failure == "cronofy", or_(near, read.wake_after_ms <= now))
    query = select(read.id).where(waits).order_by(read.next_attempt_at_ms).limit(PULLED_FORWARD)
    pulled = taking(connections, query).where(read.next_attempt_at_ms > earliest + SOON_MS)
    found = tx.execute(pulled.values(next_attempt_at_ms=earliest).returning(read.id)).all()
    return bool(found) or tx.scalar(select(read.id).where(waits).limit(1)) is not None
