"""Sessions that a request needs: one that has begun, one whose event its coach moved."""

from datetime import timedelta
from typing import Any

from storage.schema import tables
from tests.support import changed_events
from tests.webhooks.request_parts import PERSON


def begun(things: Any) -> str:
    """A session of the participant's that began last week. `things`: of a coach
    (`every_request.Things`).
    """
    session_id = str(things.pod("begun"))
    things.post(f"/v1/pods/{session_id}/seats", {"participant": PERSON})
    row = tables.sessions.c
    earlier = int(timedelta(days=14).total_seconds())
    with things.desk.database.write() as tx:
        values = {"starts": row.starts - earlier, "ends": row.ends - earlier}
        tx.execute(tables.sessions.update().where(row.id == session_id).values(values))
    return session_id


def changed(things: Any) -> str:
    """A session of the participant's that its coach moved in their calendar."""
    mine = tables.bookings.c
    query = tables.bookings.select().where(mine.id == things["booking_id"])
    with things.desk.database.write() as tx:
        session_id = str(tx.execute(query).one().session_id)
        changed_events.found(tx, session_id, things["connection_id"])
    return session_id
