"""Settling what a coach changed in their calendar, as they or the platform say."""

from typing import Literal

from sqlalchemy import Connection

from domain.sessions import Refused, Terms
from storage.rows import event_differences, sessions
from storage.rows.outbox_claims import Wake
from storage.transactions import event_differences as differences

To = Literal["session", "calendar"]
"""Whose time counts: the session's, and the event is put back; or the calendar's, and the session
moves to where its event stands.
"""


def settle(
    tx: Connection, session_id: str, to: str, terms: Terms, *, token: str | None = None
) -> list[Wake]:
    """Settle it once, whoever asks, however often. Answers what to wake for once committed.

    `token`: of the difference as the asker saw it; None: as it is now. Raises Unknown for no such
    session, and Refused: there is nothing to settle, or not this any more, or that time is closed.
    """
    sessions.get(tx, session_id)
    found = event_differences.of_session(tx, session_id)
    if found is None or token not in (None, found.token):
        raise _settled()
    if to == "calendar":
        return differences.move_there(tx, session_id, found.token, terms)
    if not differences.put_back(tx, session_id, found.token, terms.now):
        raise _settled()
    return []


def _settled() -> Refused:
    return Refused(
        "difference_settled",
        "This was settled already, or the event was changed again: read the session anew.",
    )
