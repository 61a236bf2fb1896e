"""Mails that wait because the mail server was away: a mail that it takes shows that it is well."""

from sqlalchemy import Connection, and_, select

from storage.rows.outbox_claims import DUE_NOW, Wake, wakes
from storage.schema.database_clock import clock_ms
from storage.schema.leases import taking
from storage.schema.tables import outbox

PULLED_FORWARD = 5
SOON_MS = 2_000

row = outbox.c


def pull_forward(tx: Connection) -> list[Wake]:
    """The mail server took a mail: some of those that failed while it was away need not wait any
    longer.

    A few for each that is taken, so that what comes back is not met by all of it at once. Mails
    that it refused, and may refuse again, keep their wait, and so do those whose turn is near.
    """
    # One whose every attempt ended with a connection cut after its last byte keeps its wait, too:
    # tried with each mail that is taken, it could come to its reader as often.
    waits = and_(
        row.state == "pending",
        row.trouble == "away",
        row.next_attempt_at_ms > clock_ms() + SOON_MS,
        row.unsure < row.attempts,
    )
    query = select(row.id).where(waits).order_by(row.next_attempt_at_ms).limit(PULLED_FORWARD)
    # How long it has waited for a worker (storage.reports.idle) counts from here.
    now = DUE_NOW | {"next_attempt_at_ms": clock_ms()}
    pulled = taking(outbox, query).values(now)
    return wakes(tx, pulled.returning(row.id, row.kind))
