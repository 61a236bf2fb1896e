"""Which calendar of a coach receives the sessions: chosen by the coach, or the main one."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from storage.rows import coaches as coach_rows
from storage.rows import outbox
from storage.rows.calendars import TargetCalendar, UnknownCalendar, targets
from storage.rows.outbox_claims import DUE_NOW
from storage.schema.tables import connections, sessions
from storage.schema.tables import outbox as outbox_rows
from storage.transactions.looks import LOOK
from storage.transactions.write_back import (
    coming_of,
    locked,
    owed_row,
    set_places,
    unnamed,
)


class ReadOnly(Exception):
    """The calendar takes no events, so it cannot receive sessions."""


def receiving(tx: Connection, coach_id: str) -> TargetCalendar | None:
    """The calendar that a new session is written into; None: no calendar takes any."""
    for place in targets(tx, coach_id):
        if place.open:
            return place
    return None


def by_invitation(tx: Connection, coach_id: str, session_id: str) -> bool:
    """Whether the calendar that this session stands in, or is about to, gets it as an invitation
    that the coach has to accept.
    """
    stands = tx.scalar(select(sessions.c.event_calendar_id).where(sessions.c.id == session_id))
    first = None
    for place in targets(tx, coach_id):
        if place.calendar_id == stands:
            return place.by_invitation
        if first is None and place.open:
            first = place
    return first is not None and first.by_invitation


def receive(
    tx: Connection, coach_id: str, calendar_id: str | None, *, of: str | None = None, now: datetime
) -> None:
    """Let this calendar receive the coach's sessions, the coming ones too; None: the main one,
    chosen automatically.

    Raises UnknownCalendar for one that is not the coach's (or not of the connection `of`),
    ReadOnly. One that cannot be reached just now is chosen all the same: until it can, the
    automatic one receives, and nothing moves.
    """
    coach_rows.lock(tx, coach_id)
    chosen = None
    for place in targets(tx, coach_id):
        if place.calendar_id == calendar_id and of in (None, place.connection_id):
            chosen = place
    if calendar_id is not None and chosen is None:
        raise UnknownCalendar(calendar_id)
    if chosen is not None and not chosen.writable:
        raise ReadOnly
    # First none, then one: never do two calendars of a coach receive.
    row = connections.c
    tx.execute(connections.update().where(row.coach_id == coach_id).values(receives=None))
    if chosen is not None:
        mine = connections.update().where(row.id == chosen.connection_id)
        tx.execute(mine.values(receives=calendar_id))
    target = chosen or receiving(tx, coach_id)
    if target is not None and target.open:
        _move_all(tx, coach_id, target.calendar_id, now)


def owe_moves(tx: Connection, coach_id: str, *, now: datetime) -> None:
    """Owe a calendar row to each coming session whose calendar is gone or takes events no more, if
    another does; and to each that was left in a calendar which can be tidied now.

    Nobody is woken: the sweeper does that.
    """
    there = {place.calendar_id: place for place in targets(tx, coach_id) if place.writable}
    if not there:
        return
    row = sessions.c
    lost = row.event_calendar_id.not_in(there)
    query = select(row.id, row.version, row.event_calendar_id, row.event_strays)
    wanting = and_(coming_of(coach_id, now), or_(lost, row.event_strays.is_not(None)))
    found = tx.execute(query.where(wanting).order_by(row.id))
    owed = []
    for session_id, version, calendar_id, strays in found.all():
        tidied = [each for each in strays or () if each in there and there[each].connected]
        if calendar_id not in there or tidied:
            # The same finding of the next read has the same key, and is owed once.
            key = f"{session_id}:{version}:{unnamed(calendar_id or '', *tidied)}"
            owed.append(owed_row(coach_id, session_id, version, key, now))
    outbox.add(tx, owed, now=now)


def owe_unwritten(tx: Connection, coach_id: str, *, now: datetime) -> None:
    """Owe a calendar row to each coming session that stands nowhere, since there was no calendar
    for it, if there is one now.

    Nobody is woken: the sweeper does that.
    """
    if receiving(tx, coach_id) is None:
        return
    row = sessions.c
    nowhere = and_(coming_of(coach_id, now), row.event_calendar_id.is_(None))
    found = tx.execute(select(row.id, row.version).where(nowhere).order_by(row.id)).all()
    waiting = _pulled_forward(tx, [session_id for session_id, _ in found])
    owed = []
    for session_id, version in found:
        if session_id not in waiting:
            # What was given up for want of a calendar has the session's own key.
            key = f"{session_id}:{version}:{secrets.token_hex(8)}"
            owed.append(owed_row(coach_id, session_id, version, key, now))
    outbox.add(tx, owed, now=now)


def _pulled_forward(tx: Connection, session_ids: Sequence[str]) -> set[str | None]:
    """Those of the sessions that are owed a calendar row anyway, which is due now."""
    row = outbox_rows.c
    # A look writes only what stands somewhere.
    writes = and_(row.kind == "calendar", row.topic != LOOK)
    theirs = and_(writes, row.session_id.in_(session_ids))
    # The race: a worker has such a row, saw that there is no calendar, and is about to give it up.
    # So what is being sent counts for nothing here; and what is not is locked by this: whoever
    # claims it does so after this transaction, and sees the calendar.
    waiting = outbox_rows.update().where(theirs, row.state == "pending").values(DUE_NOW)
    pulled = set(tx.scalars(waiting.returning(row.session_id)))
    # One that is dead was refused for what it says: a person may send it again.
    return pulled | set(tx.scalars(select(row.session_id).where(theirs, row.state == "dead")))


def _move_all(tx: Connection, coach_id: str, target: str, now: datetime) -> None:
    """Coming sessions belong into this calendar from now on:
    said in their rows, which whoever writes them obeys.
    """
    row = sessions.c
    elsewhere = row.event_calendar_id.is_distinct_from(target)
    query = select(row.id, row.version).where(coming_of(coach_id, now), elsewhere).order_by(row.id)
    owed = []
    for session_id, version in tx.execute(query).all():
        standing, strays = locked(tx, session_id)
        set_places(tx, session_id, target, strays | {standing})
        # Each choice moves them again, however often it is made:
        # no row of an earlier one counts for it.
        key = f"{session_id}:{version}:{secrets.token_hex(8)}"
        owed.append(owed_row(coach_id, session_id, version, key, now))
    outbox.add(tx, owed, now=now)
