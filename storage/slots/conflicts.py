"""Sessions that an external event lies over: flagged to the coach and ops.
No change of a calendar calls one off.
"""

from datetime import datetime

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.conflicts import conflicting
from storage.rows import sessions
from storage.slots import slot_sets


def flag(tx: Connection, coach: Coach, *, now: datetime) -> tuple[str, ...]:
    """Flag the coming sessions that are in conflict with the calendars as stored, and unflag those
    that no longer are.

    Returns the ids of the newly flagged. The caller holds the coach's lock.
    """
    found = sessions.of_coach(tx, coach.id, int(now.timestamp()), slot_sets.FOREVER)
    coming = [session for session in found if session.active and not session.begun(now)]
    if not coming:
        return ()
    met = conflicting(coming, slot_sets.external(tx, coach))
    flagged = {session.id for session in coming if session.conflict_since is not None}
    # Only what changed is written: nearly every read finds what the last one found.
    new, over = sorted(met - flagged), sorted(flagged - met)
    if new:
        sessions.mark_conflicts(tx, new, since=now)
    if over:
        sessions.end_conflicts(tx, over, now=now)
    return tuple(new)
