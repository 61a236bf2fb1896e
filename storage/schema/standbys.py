"""Whether a standby follows this database, and whether a commit waits for one:
what a fail-over may lose.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

FOLLOWING = text(
    "SELECT count(*), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')),"
    " count(*) - count(sync_state), current_setting('synchronous_commit') FROM pg_stat_replication"
)
WAITS = ("on", "remote_apply")


@dataclass(frozen=True, slots=True)
class Standbys:
    """`unseen`: of these our role may not know how they follow (it takes pg_monitor)."""

    there: int = 0
    synchronous: int = 0
    unseen: int = 0


def following(tx: Connection) -> Standbys:
    if tx.dialect.name != "postgresql":
        return Standbys()
    there, synchronous, unseen, commits = tx.execute(FOLLOWING).one()
    # A standby may follow synchronously while our commits do not wait for it.
    if commits not in WAITS:
        synchronous = 0
    return Standbys(there, synchronous, unseen)
