"""What participants answered to their invitations: kept, shown to the coach, and nothing else is
changed by it. Who declines still has the seat, until they cancel.
"""

from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from domain.errors import Invalid
from domain.history import HistoryStep, Kept
from domain.mail.safety import mail_address
from domain.sessions import Answer
from storage.rows.bookings import first_answered
from storage.schema.history import note
from storage.schema.tables import bookings, sessions

row = bookings.c


def keep(
    tx: Connection,
    uid: str,
    *,
    sequence: int,
    address: str,
    answer: Answer,
    at: datetime,
    now: datetime,
) -> tuple[str, bool] | None:
    """The booking that it is about, and whether the answer is what counts now: not that to an
    earlier time of the session, nor one that a later one has overtaken. None: no booking has this
    name, or it is somebody else's.
    """
    query = select(row.id, row.participant, row.session_id, sessions.c.coach_id).join(sessions)
    found = tx.execute(query.where(row.uid == uid)).first()
    # Capital letters are small ones, as in `attendee_answers`: programs write an address as their
    # own account has it, and not as it was invited.
    if found is None or found.participant["email"].lower() != _as_kept(address):
        return None
    # The race: the session is moved while the answer to its old time is on its way. By the sequence
    # the row itself tells which is answered. And of two answers the later one stays, whichever
    # comes in first; what a program's clock says of the future is not believed.
    given = min(at, now)
    first = first_answered()
    mine = and_(row.id == found.id, first <= sequence, row.sequence >= sequence)
    newest = or_(row.answered_at.is_(None), row.answered_sequence < first, row.answered_at <= given)
    values = {"answer": answer, "answered_at": given, "answered_sequence": sequence}
    kept = tx.execute(bookings.update().where(mine, newest).values(values)).rowcount > 0
    if kept:
        said: Kept = {"answer": answer}
        whose = (found.coach_id, found.session_id, found.id)
        note(tx, HistoryStep(now, "answered", *whose, after=said))
    return str(found.id), kept


def _as_kept(address: str) -> str | None:
    """In small letters."""
    try:
        return mail_address("address", address).lower()
    except Invalid:
        return None
