"""What is done first once the database is back: all that is due may be woken again.

Who was woken while it was away could claim nothing, and the sweeps would leave each alone for
seconds more. The sweeps still take no more than they ever do at once.
"""

from datetime import datetime

from sqlalchemy import Connection

from storage.rows import outbox, refresh_jobs
from storage.schema.database import clock_ms
from storage.schema.tables import connections as connection_rows
from storage.schema.tables import outbox as outbox_rows


def pull_forward(tx: Connection, *, now: datetime) -> None:
    """Let the sweeps look at every read and every row of the outbox that is due."""
    # Only what was woken for: what the sweeps may take already is left alone.
    reads, rows = connection_rows, outbox_rows
    woken = reads.c.wake_after_ms > clock_ms()
    tx.execute(reads.update().where(refresh_jobs.WAITS, woken).values(wake_after_ms=clock_ms()))
    woken = rows.c.wake_after_ms > clock_ms()
    tx.execute(rows.update().where(outbox.waits(now), woken).values(wake_after_ms=clock_ms()))
