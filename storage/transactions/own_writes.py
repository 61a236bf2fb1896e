"""What we know of our own writes of events: which are owed, which may land late, and which events
were seen to stand as they should.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, or_, select

from domain.event_differences import OwnWrites, Times
from domain.sessions import Session
from storage.rows import outbox_claims
from storage.schema.database_clock import clock_ms
from storage.schema.tables import event_looks, sessions
from storage.schema.tables import outbox as outbox_rows
from storage.transactions import looks
from storage.transactions.write_back import coming_of

LONGEST_READ = timedelta(minutes=5)


def owed(tx: Connection, coach_id: str, *, now: datetime) -> dict[str, list[str]]:
    """The states of the writes that are owed, by session; looks write only what is not right."""
    row = outbox_rows.c
    query = select(row.session_id, row.state).join(sessions, sessions.c.id == row.session_id)
    mine = row.kind == "calendar", row.topic != looks.LOOK, row.state.in_(outbox_claims.OPEN)
    found: dict[str, list[str]] = {}
    for session_id, state in tx.execute(query.where(coming_of(coach_id, now), *mine)):
        found.setdefault(session_id, []).append(state)
    return found


def is_refused(tx: Connection, session: Session) -> bool:
    """Whether a write of it, as it is, was refused for good: another would be, until a person sees
    to it.
    """
    row = outbox_rows.c
    mine = row.session_id == session.id, row.kind == "calendar", row.version == session.version
    return tx.scalar(select(row.id).where(*mine, row.state == "dead").limit(1)) is not None


def untouched(tx: Connection, session_ids: Sequence[str], *, now: datetime) -> frozenset[str]:
    """Of these, those that nobody noted to have stood in their calendar, and of which no write is
    owed, being made or refused, and none may land late: a release before wrote them to the end.
    """
    # Nearly every read: all were seen by this release.
    if not session_ids:
        return frozenset()
    row = outbox_rows.c
    # The race: that release goes on writing beside this one, and notes nothing. A read that began
    # before such a write shows what stood there before.
    recent = row.sent_at > now - LONGEST_READ
    # Looks too: one that is under way may write.
    unsure = or_(row.state.in_((*outbox_claims.OPEN, "dead")), recent)
    its = row.session_id == sessions.c.id, row.kind == "calendar"
    owed = exists(select(row.id).where(*its, unsure))
    looked_for = exists(
        select(event_looks.c.session_id).where(event_looks.c.session_id == sessions.c.id)
    )
    mine = sessions.c.id.in_(session_ids), sessions.c.event_stood_ms.is_(None)
    return frozenset(tx.scalars(select(sessions.c.id).where(*mine, ~owed, ~looked_for)))


def late(tx: Connection, connection_id: str) -> dict[tuple[str, str], OwnWrites]:
    """What may still land in the calendars of this account, by session and calendar."""
    found = {}
    mine = event_looks.select().where(event_looks.c.connection_id == connection_id)
    for each in tx.execute(mine):
        late = looks.times_of(each.may_bring)
        found[each.session_id, each.calendar_id] = OwnWrites(late=late, may_vanish=each.deletes)
    return found


def written(tx: Connection, session_id: str, calendar_id: str, times: Times) -> None:
    """Remember that it was seen in this calendar, with these times, after we wrote it: if that is
    what the session says.
    """
    row = sessions.c
    mine = row.id == session_id, row.event_calendar_id == calendar_id, row.active
    same = row.starts == times[0], row.ends == times[1]
    tx.execute(sessions.update().where(*mine, *same).values(event_stood_ms=clock_ms()))


def invited(tx: Connection, session_id: str, calendar_id: str) -> None:
    """Forget that it was seen in this calendar: it comes there as an invitation from now on, and is
    not missed as long as the coach did not accept it.
    """
    mine = sessions.c.id == session_id, sessions.c.event_calendar_id == calendar_id
    tx.execute(sessions.update().where(*mine).values(event_stood_ms=None))


def stood(tx: Connection, session_ids: Sequence[str], at_ms: int) -> None:
    """Remember that their events were seen where they belong, unless it was known."""
    first = sessions.c.id.in_(session_ids), sessions.c.event_stood_ms.is_(None)
    tx.execute(sessions.update().where(*first).values(event_stood_ms=at_ms))
