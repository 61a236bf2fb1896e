"""A coach is to be erased and has coming sessions: either that is refused, or these are called off
first, and whoever would have come is told.

    asked     nobody can book the coach any more; the coming sessions are called off one by one
    telling   the mails, calendar entries and webhooks of that leave: for a day at most
    erased    as any other person (`erasures`)
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from domain.sessions import Refused, Terms
from storage.reports import whose_rows
from storage.reports.personal_data import Person
from storage.rows import bookings as booking_rows
from storage.rows import coaches as coach_rows
from storage.rows.outbox_claims import Wake
from storage.schema.tables import erasures, links, outbox, sessions
from storage.transactions import bookings, pods
from storage.transactions import erasures as erasing
from storage.transactions.pods import Changes

LONGEST = timedelta(days=1)
"""A platform or a mail server that is away for longer does not keep a person from being erased."""
AT_ONCE = 200

row = erasures.c


def erase_unless_coming(
    tx: Connection, coach_id: str, *, actor: str, now: datetime
) -> list[str] | None:
    """Erase a coach who has no coming session: what `erasures.ask` answers.
    Raises Refused `coming_sessions`; then nothing is written.
    """
    # The race: somebody books between the look at the coming sessions and the erasure, and nobody
    # would tell them. So both are one transaction, and its locks are taken in the erasure's order:
    # links, then the coach.
    tx.execute(links.delete().where(links.c.coach_id == coach_id))
    coach_rows.lock(tx, coach_id)
    standing = coming(tx, coach_id, now=now)
    if standing:
        detail = (
            "Sessions are still to come: cancel them, or send coming=cancel, and they are called"
            " off with a mail to everybody."
        )
        raise Refused("coming_sessions", detail, count=len(standing))
    person = Person("coach", coach_id)
    connected = erasing.ask(tx, person, actor=actor, now=now)
    if connected is not None:
        erasing.advance(tx, person, now=now)
    return connected


def begin(tx: Connection, coach_id: str, *, actor: str, now: datetime) -> bool:
    """From now on nobody can book the coach, and the rest follows. False: no such coach."""
    if coach_rows.lock(tx, coach_id) is None:
        return False
    erasing.write_down(tx, Person("coach", coach_id), actor=actor, now=now, until=now + LONGEST)
    erasing.close_hours(tx, coach_id, now=now)
    return True


def owed(tx: Connection) -> list[str]:
    """The coaches who are told farewell for just now."""
    query = select(row.person_id).where(row.farewell_until.is_not(None)).order_by(row.asked_at)
    return list(tx.scalars(query.limit(AT_ONCE)))


def coming(tx: Connection, coach_id: str, *, now: datetime) -> list[str]:
    """The coach's sessions that have not ended."""
    theirs = sessions.c
    mine = and_(theirs.coach_id == coach_id, theirs.active, theirs.kind != "hold")
    query = select(theirs.id).where(mine, theirs.ends > int(now.timestamp()))
    return list(tx.scalars(query.order_by(theirs.starts)))


def call_off(tx: Connection, session_id: str, terms: Terms) -> list[Wake]:
    """One session, by the ordinary path. Raises Refused for one that has begun, Unknown."""
    kind = tx.scalar(select(sessions.c.kind).where(sessions.c.id == session_id))
    if kind == "pod":
        return list(pods.change(tx, session_id, Changes(status="disabled"), terms).wake)
    wake: list[Wake] = []
    for booking in booking_rows.of_session(tx, session_id):
        # It is not the participant's fault that it is late.
        wake += bookings.cancel(tx, booking.id, terms, excused=True).wake
    return wake


def end(tx: Connection, coach_id: str, *, actor: str, now: datetime) -> list[str] | None:
    """Let the erasure begin, once everybody is told: what `erasures.ask` answers. None: not yet."""
    mine = and_(row.kind == "coach", row.person_id == coach_id)
    until = tx.scalar(select(row.farewell_until).where(mine))
    may_wait = until is not None and now < until
    if may_wait and (coming(tx, coach_id, now=now) or _is_telling(tx, coach_id)):
        return None
    tx.execute(erasures.update().where(mine).values(farewell_until=None))
    return erasing.ask(tx, Person("coach", coach_id), actor=actor, now=now)


def _is_telling(tx: Connection, coach_id: str) -> bool:
    about = whose_rows.of_coach(tx, coach_id)[outbox]
    going = or_(outbox.c.state == "pending", outbox.c.state == "sending")
    return tx.execute(select(outbox.c.id).where(about, going).limit(1)).first() is not None
