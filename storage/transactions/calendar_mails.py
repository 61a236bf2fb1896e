"""Mails to a coach about sessions in their calendar: that they moved, deleted or declined one's
event there, that something else lies over one, and that it does so no longer.

Owed by comparing how things are with what was mailed of last, as callbacks are: a mail for each
episode, however often a calendar is read. Whether it is still true, and whom it is about, is asked
when it leaves: what was settled before that is mailed of by nobody, and no name waits in a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, select

from domain.coaches import Coach
from domain.conflicts import overlap
from domain.mail import Kind, MailFacts, Recipient
from domain.mail.safety import mail_address
from domain.notices import Notice
from domain.sessions import Session, Unknown
from storage.rows import bookings, coaches, event_differences, outbox, sessions
from storage.rows.event_differences import SETTLED, Difference
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import Reason, Wake
from storage.schema.leases import taking
from storage.schema.session_tables import unmailed_conflict
from storage.schema.tables import event_differences as differences
from storage.schema.tables import outbox as rows
from storage.schema.tables import sessions as session_rows
from storage.slots import slot_sets
from storage.transactions import notices

AT_ONCE = 200
KINDS: dict[str, Kind] = {
    "moved": "event_moved",
    "deleted": "event_deleted",
    "declined": "event_declined",
}
"""Of a difference -> of its mail."""
LEADS = (*KINDS.values(), "conflict")
"""The mails that lead to the page where it is settled."""
OWN = (*LEADS, "conflict_cleared")
"""All that are owed here."""

_unmailed = and_(
    differences.c.kind != SETTLED,
    differences.c.token.is_distinct_from(differences.c.mailed_token),
)


def waits(tx: Connection) -> bool:
    """Whether `owe` would find any, asked without a lock."""
    for query in (
        select(differences.c.session_id).where(_unmailed),
        select(session_rows.c.id).where(unmailed_conflict),
    ):
        if tx.scalar(query.limit(1)) is not None:
            return True
    return False


def owe(tx: Connection, *, now: datetime, limit: int = AT_ONCE) -> list[Wake]:
    """Owe a mail of whatever is not as its coach was last mailed.
    Answers what to wake for once committed.
    """
    owed = [*_differences(tx, now, limit), *_conflicts(tx, now, limit)]
    return outbox.add(tx, owed, now=now)


def untrue(
    tx: Connection, facts: MailFacts, session_id: str | None, *, now: datetime
) -> tuple[str, Reason] | None:
    """Why nobody needs this mail any more, in words and as the row's reason; None: it is true."""
    if session_id is None:
        return "it is about no session", "newer"
    try:
        session = sessions.get(tx, session_id)
    except Unknown:
        return "its session is gone", "newer"
    if not session.active or session.begun(now):
        return "its session has begun, or is called off", "too_late"
    if facts.kind in KINDS.values():
        difference = event_differences.of_session(tx, session_id)
        if difference is None or difference.token != facts.nonce:
            return "it was settled, or changed once more", "newer"
        return None
    if facts.kind == "conflict":
        if _episode(session.conflict_since) != facts.nonce:
            return "nothing lies over the session any more", "newer"
        return None
    if session.conflict_since is not None:
        return "something lies over the session again", "newer"
    if not _told(tx, facts):
        return "its coach never heard of what it ends", "never_announced"
    return None


def named(tx: Connection, facts: MailFacts, session_id: str | None) -> MailFacts:
    """The mail with the names of whom it is about, as they are known today."""
    if session_id is None:
        return facts
    try:
        session = sessions.get(tx, session_id)
    except Unknown:
        return facts
    return replace(facts, participant_name=with_whom(tx, session), title=session.title)


def with_whom(tx: Connection, session: Session) -> str | None:
    """Of a 1:1 session its participant's name; None: of a pod, and where nobody is booked."""
    if session.pod:
        return None
    for booking in bookings.of_session(tx, session.id):
        if booking.status == "booked" and booking.participant.name:
            return booking.participant.name
    return None


def _differences(tx: Connection, now: datetime, limit: int) -> Iterator[Owed]:
    row = differences.c
    first = select(row.session_id).where(_unmailed).order_by(row.session_id).limit(limit)
    # The race: the event is moved again between the look and the note of what was mailed. Both are
    # one statement, of rows that are locked; what is written just now is mailed of the next time.
    noted = taking(differences, first).values(mailed_token=row.token)
    for session_id in tx.scalars(noted.returning(row.session_id)).all():
        difference = event_differences.of_session(tx, session_id)
        if difference is not None:
            yield from _of_difference(tx, difference, now)


def _of_difference(tx: Connection, difference: Difference, now: datetime) -> Iterator[Owed]:
    session = sessions.get(tx, difference.session_id)
    facts = _facts(tx, session, KINDS[difference.kind], difference.token, now)
    if facts is None:
        return
    facts = replace(
        facts,
        booking_id=f"event:{session.id}:{difference.token}",
        event_starts=difference.starts,
        event_ends=difference.ends,
    )
    yield _owed(session, facts, now)


def _conflicts(tx: Connection, now: datetime, limit: int) -> Iterator[Owed]:
    row = session_rows.c
    query = select(row.id, row.mailed_conflict).where(unmailed_conflict).order_by(row.id)
    # What was mailed of before is read with the lock: the update itself would answer what is new.
    found = tx.execute(query.limit(limit).with_for_update(skip_locked=True)).all()
    if not found:
        return
    _note(tx, [each.id for each in found])
    for session_id, mailed in found:
        yield from _of_conflict(tx, sessions.get(tx, session_id), mailed, now)


def _note(tx: Connection, session_ids: Sequence[str]) -> None:
    row = session_rows.c
    mine = session_rows.update().where(row.id.in_(session_ids))
    tx.execute(mine.values(mailed_conflict=row.conflict_since))


def _of_conflict(
    tx: Connection, session: Session, mailed: datetime | None, now: datetime
) -> Iterator[Owed]:
    since = session.conflict_since
    kind: Kind = "conflict"
    if since is None:
        kind, since = "conflict_cleared", mailed
    facts = _facts(tx, session, kind, _episode(since), now)
    if facts is None:
        return
    # Each episode is a queue of its own: the end of one is told after its beginning, and the mails
    # of another make none of it superfluous.
    facts = replace(facts, booking_id=f"conflict:{session.id}:{facts.nonce}")
    if kind == "conflict":
        yield _owed(session, _met(tx, session, facts), now)
        return
    yield _owed(session, replace(facts, version=2), now)


def _met(tx: Connection, session: Session, facts: MailFacts) -> MailFacts:
    """With what of the session the calendars take."""
    coach = coaches.get(tx, session.coach_id)
    if coach is None:
        return facts
    taken = overlap(session, slot_sets.external(tx, coach))
    if taken is None:
        return facts
    return replace(facts, event_starts=taken[0], event_ends=taken[1])


def _facts(
    tx: Connection, session: Session, kind: Kind, episode: str, now: datetime
) -> MailFacts | None:
    """None: there is nothing to mail about the session any more, or nowhere to mail it to."""
    coach = coaches.get(tx, session.coach_id)
    if coach is None or coach.email is None or not session.active or session.begun(now):
        return None
    context = session.context
    return MailFacts(
        kind=kind,
        recipient=_recipient(coach, coach.email),
        booking_id=session.id,
        version=1,
        changed_at=now,
        coach_name=coach.name,
        starts=session.starts,
        ends=session.ends,
        programme_name=context.programme_name,
        company=context.company,
        project=context.project,
        cohort=context.cohort,
        nonce=episode,
    )


def _recipient(coach: Coach, email: str) -> Recipient:
    return Recipient(coach.name, email, coach.hours.zone, coach.language, "coach")


def _owed(session: Session, facts: MailFacts, now: datetime) -> Owed:
    return notices.mail(Notice(facts, now), session.coach_id, session.id)


def _told(tx: Connection, facts: MailFacts) -> bool:
    """Whether the mail of the conflict left, or may have, to this very reader."""
    mine = (
        rows.c.kind == "mail",
        rows.c.topic == "conflict",
        rows.c.booking_id == facts.booking_id,
        rows.c.recipient == mail_address("email", facts.recipient.email),
    )
    # One whose sender vanished was counted as unsure when this one, which comes after it, was
    # claimed (storage.rows.outbox_claims).
    left = (rows.c.state == "sent") | (rows.c.unsure > 0)
    return tx.scalar(select(rows.c.id).where(*mine, left).limit(1)) is not None


def _episode(since: datetime | None) -> str:
    if since is None:
        return ""
    return str(round(since.timestamp() * 1000))
