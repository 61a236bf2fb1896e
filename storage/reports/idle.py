"""What stands still, for ops to see: work that nobody takes; and how it is hurried."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    select,
    type_coerce,
)

from storage.rows import outbox, refresh_jobs
from storage.rows.outbox_claims import DUE_NOW, Wake
from storage.schema.database_clock import clock_ms
from storage.schema.tables import connections as reads
from storage.schema.tables import outbox as rows

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows that a worker may take at this moment.
    `oldest`: for how many seconds the first of them has waited.
    """

    reads: int
    messages: int
    oldest: float


def ready(tx: Connection, *, now: datetime) -> Ready:
    """Work that nobody has in hand, by the product's clock and the database's:
    what waits for its next try is not.
    """
    # What has been owed for an hour and was due for its next try a second ago waits for a second.
    owed = clock_ms() - func.coalesce(reads.c.dirty_since_ms, clock_ms())
    waits = _lesser(owed, clock_ms() - reads.c.next_attempt_at_ms)
    free = select(func.count(), func.max(waits)).where(refresh_jobs.WAITS)
    read_count, read_age = tx.execute(free).one()
    at = literal(round(now.timestamp() * 1000), BigInteger)
    due = at - type_coerce(rows.c.due_at, BigInteger)
    since = _lesser(due, clock_ms() - rows.c.next_attempt_at_ms)
    chosen = and_(outbox.waits(now), rows.c.state != "waiting_for_text")
    count, age = tx.execute(select(func.count(), func.max(since)).where(chosen)).one()
    return Ready(read_count, count, max(read_age or 0, age or 0) / 1000)


def failing_reads(tx: Connection) -> int:
    """How many owed reads were tried and did not succeed."""
    tried = and_(refresh_jobs.DIRTY, reads.c.attempts > 0)
    return tx.scalar(select(func.count()).where(tried)) or 0


def hurry_messages(tx: Connection, kind: str, *, now: datetime) -> list[Wake]:
    """Messages of a kind that are due need not wait for their next try."""
    waits = and_(rows.c.kind == kind, rows.c.state == "pending", rows.c.due_at <= now)
    chosen = select(rows.c.id).where(waits).order_by(rows.c.due_at).limit(AT_ONCE)
    # Whatever a sender has locked just now is under way, and need not be hurried.
    found = tx.execute(chosen.with_for_update(skip_locked=True)).scalars().all()
    tx.execute(rows.update().where(rows.c.id.in_(found), rows.c.state == "pending").values(DUE_NOW))
    return [(outbox_id, kind) for outbox_id in found]


def hurry_reads(tx: Connection) -> list[str]:
    """Reads that failed need not wait for their next try."""
    owed = and_(refresh_jobs.DIRTY, reads.c.attempts > 0, refresh_jobs.LEASE.open)
    chosen = select(reads.c.id).where(owed).order_by(reads.c.dirty_since_ms).limit(AT_ONCE)
    found = list(tx.execute(chosen.with_for_update(skip_locked=True)).scalars())
    tx.execute(reads.update().where(reads.c.id.in_(found)).values(DUE_NOW))
    return found


def _lesser(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    # Not least(): SQLite calls it min, of which PostgreSQL has only the aggregate.
    return case((one < other, one), else_=other)
