"""An event of a session that its coach changed in their own calendar, as a read found it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from storage.rows import event_differences
from storage.rows.event_differences import Difference
from tests.support import people

MOVED = (people.at(3, 14), people.at(3, 15))


def found(
    tx: Connection,
    session_id: str,
    connection_id: str,
    stands: tuple[int, int] | None = MOVED,
    *,
    kind: Any = "moved",
    since: datetime = people.NOW,
) -> Difference:
    """Written down as the transaction of a read does it; `stands`: where the event is now."""
    starts, ends = stands or (None, None)
    token = event_differences.new_token()
    difference = Difference(
        session_id, people.WORK, connection_id, kind, starts, ends, since, token
    )
    event_differences.put(tx, difference)
    return difference
