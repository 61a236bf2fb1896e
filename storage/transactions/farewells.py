"""A coach is to be erased and has coming sessions: either that is refused, or these are called off
first, and whoever would have come is told.

    asked     nobody can book the coach any more; the coming sessions are called off one by one
    telling   the mails, calendar entries and webhooks of that leave: for a day at most
    erased    as any other person (`erasures`)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from domain.coaches import Coach
from domain.sessions import Refused, Terms
from storage.reports import whose_rows
from storage.reports.personal_data import Person
from storage.rows import audit_log
from storage.rows import bookings as booking_rows
from storage.rows import coaches as coach_rows
from storage.rows import farewells as rows
from storage.rows.audit_log import Deed
from storage.rows.farewells import Farewell
from storage.rows.outbox_claims import OPEN, Wake
from storage.schema.tables import links, outbox, sessions
from storage.transactions import bookings, pods
from storage.transactions import erasures as erasing
from storage.transactions.pods import Changes

LONGEST = timedelta(days=1)
"""A platform or a mail server that is away for longer does not keep a person from being erased."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`connected`: the accounts to wake a worker for. `coming` and `unsent`: the sessions and the
    rows of the outbox that the day was too short for.
    """

    connected: list[str]
    coming: int
    unsent: int


def erase_unless_coming(
    tx: Connection, coach_id: str, *, actor: str, now: datetime
) -> list[str] | None:
    """Erase a coach who has no coming session: what `erasures.ask` answers. Where something about
    the coach is still leaving, or a farewell is under way, the farewell ends with the erasure.
    Raises Refused `coming_sessions`; then nothing is written.
    """
    # The race: somebody books between the look at the coming sessions and the erasure, and nobody
    # would tell them. So both are one transaction.
    if _lock(tx, coach_id) is None:
        return None
    if rows.is_owed(tx, coach_id):
        return []
    standing = coming(tx, coach_id, now=now)
    if standing:
        detail = (
            "Sessions are still to come: cancel them, or send coming=cancel, and they are called"
            " off with a mail to everybody."
        )
        raise Refused("coming_sessions", detail, count=len(standing))
    # Erased now, the mails of sessions that were called off just before would never leave.
    if _unsent(tx, coach_id):
        begin(tx, coach_id, actor=actor, now=now)
        return []
    return _erase(tx, coach_id, actor=actor, now=now)


def begin(tx: Connection, coach_id: str, *, actor: str, now: datetime) -> bool:
    """From now on nobody can book the coach, and the rest follows. False: no such coach."""
    if coach_rows.lock(tx, coach_id) is None:
        return False
    if rows.add(tx, Farewell(coach_id, actor, now, now + LONGEST)):
        audit_log.note(tx, Deed(now, actor, "farewell", coach_id, "coach"))
        erasing.close_hours(tx, coach_id, now=now)
    return True


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


def end(tx: Connection, coach_id: str, *, now: datetime) -> Ended | None:
    """Let the erasure follow once everybody is told, or the day is over. None: not yet."""
    if not _may_end(tx, coach_id, now):
        return None
    # The race: somebody writes about the coach, or ends the farewell, between that look and the
    # erasure. Under the locks it is looked at again.
    _lock(tx, coach_id)
    farewell = rows.get(tx, coach_id)
    if farewell is None or not _may_end(tx, coach_id, now):
        return None
    left, unsent = len(coming(tx, coach_id, now=now)), _unsent(tx, coach_id)
    connected = _erase(tx, coach_id, actor=farewell.actor, now=now)
    return Ended(connected or [], left, unsent)


def _may_end(tx: Connection, coach_id: str, now: datetime) -> bool:
    farewell = rows.get(tx, coach_id)
    if farewell is None:
        return False
    return now >= farewell.until or not (coming(tx, coach_id, now=now) or _unsent(tx, coach_id))


def _erase(tx: Connection, coach_id: str, *, actor: str, now: datetime) -> list[str] | None:
    """The caller holds the locks."""
    person = Person("coach", coach_id)
    rows.drop(tx, coach_id)
    connected = erasing.ask(tx, person, actor=actor, now=now)
    if connected is not None:
        erasing.advance(tx, person, now=now)
    return connected


def _lock(tx: Connection, coach_id: str) -> Coach | None:
    """In the erasure's order: links, then the coach. A page locks its link before it books."""
    theirs = select(links.c.token_hash).where(links.c.coach_id == coach_id)
    tx.execute(theirs.order_by(links.c.token_hash).with_for_update()).all()
    return coach_rows.lock(tx, coach_id)


def _unsent(tx: Connection, coach_id: str) -> int:
    """How much about the coach has not left yet."""
    about = whose_rows.of_coach(tx, coach_id)[outbox]
    query = select(func.count()).select_from(outbox).where(about, outbox.c.state.in_(OPEN))
    return tx.scalar(query) or 0
