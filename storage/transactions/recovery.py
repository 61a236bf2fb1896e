"""What is done first once the database is back, or its clock was set back: all that is due may be
woken again.

Who was woken while it was away could claim nothing, and the sweeps would leave each alone for
seconds more. The sweeps still take no more than they ever do at once.
"""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, select, update

from storage.rows import clock_jobs, connections, outbox, outbox_claims, refresh_jobs
from storage.rows.channels import AUDITING
from storage.schema.database_clock import clock_ms
from storage.schema.leases import taking
from storage.schema.tables import connections as connection_rows
from storage.schema.tables import outbox as outbox_rows

MOST_LEASES = 2
"""How many of a reader's leases the longest lasts: that of a calendar row."""
LEASES = (refresh_jobs.LEASE, connections.RENEWING, AUDITING, outbox_claims.LEASE)
# What waits for a moment of the database's clock; a turn of a periodic job ends at such a one.
WAITS = (
    connection_rows.c.wake_after_ms,
    connection_rows.c.next_attempt_at_ms,
    outbox_rows.c.wake_after_ms,
    outbox_rows.c.next_attempt_at_ms,
    clock_jobs.TURN.until_ms,
)


def pull_forward(tx: Connection, *, now: datetime) -> None:
    """Let the sweeps look at every read and every row of the outbox that is due."""
    for table, waits in ((connection_rows, refresh_jobs.WAITS), (outbox_rows, outbox.waits(now))):
        # Only what was woken for: what the sweeps may take already is left alone. And whatever
        # somebody holds is being worked on: nothing of ours waits for it.
        woken = select(table.c.id).where(waits, table.c.wake_after_ms > clock_ms())
        tx.execute(taking(table, woken).values(wake_after_ms=clock_ms()))


def clock_set_back(tx: Connection, *, lease_ms: int) -> None:
    """The database's clock was set back: what was to end at a moment that it now calls far away is
    over at once. `lease_ms`: of a reader.

    A lease goes on for as long as one can last: whoever has it may be at work.
    """
    for lease in LEASES:
        _no_later(tx, lease.until_ms, clock_ms() + MOST_LEASES * lease_ms)
    for column in WAITS:
        _no_later(tx, column, clock_ms())


def _no_later(tx: Connection, column: Column[int], end: ColumnElement[int]) -> None:
    tx.execute(update(column.table).where(column > end).values({column: end}))
