"""Callbacks as outbox rows: a booking's in the transaction of its change; the others by comparing
how things are with what the platform was last told, so that a storm of changes is told as one and
nothing is told twice.

What is told of is locked without waiting: whoever is changing it just now is told of the next time.
That also keeps this clear of the order in which bookings lock coaches.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from domain import events
from domain.events import Event
from storage.reports import coach_states
from storage.rows import bookings, feed, outbox, sessions
from storage.rows.event_differences import SETTLED
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import Wake
from storage.rows.owed_callbacks import locked
from storage.schema.leases import taking
from storage.schema.session_tables import (
    untold_conferencing,
    untold_conflict,
    untold_wall,
    untold_wall_of_booking,
)
from storage.schema.tables import bookings as booking_rows
from storage.schema.tables import connections, event_differences, slot_sets, untold_beginning
from storage.schema.tables import outbox as outbox_rows
from storage.schema.tables import sessions as session_rows

AT_ONCE = 200
KEPT = timedelta(days=30)
LASTING = ("disconnected", "revoked", "no_access")
"""Troubles that end only by what the coach does."""
CONNECTED, SYNCED = 1, 2
"""What of a connection's beginning was told, in this order."""

row = outbox_rows.c
_over = row.state.in_(("sent", "superseded"))


def of_booking(event: Event, event_id: str) -> Owed:
    return _owed(event, event.data["version"], event_id)


def announce(
    tx: Connection,
    *,
    now: datetime,
    stale_after: timedelta,
    limit: int = AT_ONCE,
    posted: bool = True,
) -> list[Wake]:
    """Tell of whatever is not as the platform was last told: in the feed, and if `posted`, by a
    callback. Answers what to wake for once committed.
    """
    slots = _slots(tx, now, limit)
    found = [
        *slots,
        *_connected(tx, now, limit),
        *_synced(tx, now, stale_after, limit),
        *_calendars(tx, now, limit),
        *_conflicts(tx, now, limit),
        *_wall_clocks(tx, now, limit),
        *_participants_clocks(tx, now, limit),
        *_conferencing(tx, now, limit),
        *_changed_events(tx, now, limit),
    ]
    feed.replace_slots(tx, [event.coach_id for event in slots])
    event_ids = feed.add(tx, found)
    feed.number(tx)
    if not posted:
        return []
    return _owe(tx, found, event_ids, now)


def owe_ends(tx: Connection, connection_id: str, *, now: datetime, posted: bool = True) -> None:
    """Tell that what a coach did to events in this account is over: what is known of it goes with
    the account, and nobody looks there again. `posted`: as of `announce`.
    """
    it = event_differences.c
    mine = it.connection_id == connection_id
    # The race: somebody announces one of these just now. Locked, it was told of or never is.
    rows = select(it.session_id, it.told_token).where(mine).order_by(it.session_id)
    found: list[Event] = []
    for session_id, token in tx.execute(rows.with_for_update()).all():
        if token is not None:
            found.append(events.event_settled(sessions.get(tx, session_id), now))
    event_ids = feed.add(tx, found)
    if posted:
        _owe(tx, found, event_ids, now)


def _owe(
    tx: Connection, found: Sequence[Event], event_ids: Sequence[str], now: datetime
) -> list[Wake]:
    if not found:
        return []
    subjects = [event.subject for event in found]
    # Asked before they are forgotten: numbers go on growing, or what is new would count as old.
    latest = _latest(tx, subjects)
    _forget(tx, subjects)
    owed = []
    for event, event_id in zip(found, event_ids, strict=True):
        owed.append(_owed(event, latest.get(event.subject, 0) + 1, event_id))
    return outbox.add(tx, owed, now=now)


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many were over for longer than they are kept. Dead ones wait for a person."""
    old = locked(row.kind == "callback", _over, row.due_at < now - KEPT)
    return len(tx.execute(outbox_rows.delete().where(old).returning(row.id)).all())


def _slots(tx: Connection, now: datetime, limit: int) -> list[Event]:
    # The race: a booking changes the set between the look at its version and the note of what was
    # told, and its news is never told. Both are one statement here, of rows that are locked; what
    # is written just now is skipped, and told of the next time.
    slot = slot_sets.c
    untold = select(slot.coach_id).where(slot.told_version < slot.version)
    first = untold.order_by(slot.coach_id).limit(limit)
    noted = taking(slot_sets, first).values(told_version=slot.version)
    found = []
    for coach_id, version in tx.execute(noted.returning(slot.coach_id, slot.version)):
        event = events.slots_changed(coach_id, version, now)
        found.append(event)
    return found


def _connected(tx: Connection, now: datetime, limit: int) -> list[Event]:
    one = connections.c
    untold = select(one.id).where(untold_beginning, one.told_steps < CONNECTED)
    first = untold.order_by(one.id).limit(limit)
    noted = taking(connections, first).values(told_steps=CONNECTED)
    found = []
    for coach_id, connection_id in tx.execute(noted.returning(one.coach_id, one.id)):
        event = events.connected(coach_id, connection_id, now)
        found.append(event)
    return found


def _synced(tx: Connection, now: datetime, stale_after: timedelta, limit: int) -> list[Event]:
    """Once for each coach, as long as any of the calendars stays that they were told with: one who
    connects another is not synced anew.
    """
    one = connections.c
    untold = and_(untold_beginning, one.told_steps == CONNECTED)
    state = coach_states.state_of(now, stale_after)
    waiting = (
        select(one.coach_id)
        .where(one.coach_id.in_(select(one.coach_id).where(untold)))
        .group_by(one.coach_id)
        .having(state.in_(coach_states.SYNCED))
        .order_by(one.coach_id)
        .limit(limit)
    )
    coach_ids = tx.scalars(waiting).all()
    if not coach_ids:
        return []
    # The race: two clocks tell of a coach's two calendars at once. Both would number the event
    # alike, and the second row of one key is not written.
    mine = and_(one.coach_id.in_(coach_ids), one.told_steps == SYNCED)
    before = set(tx.scalars(select(one.coach_id).where(mine)))
    theirs = select(one.id).where(untold, one.coach_id.in_(coach_ids))
    noted = taking(connections, theirs).values(told_steps=SYNCED).returning(one.coach_id)
    news = set(tx.scalars(noted)) - before
    return [events.synced(coach_id, now) for coach_id in sorted(news)]


def _calendars(tx: Connection, now: datetime, limit: int) -> list[Event]:
    """A first sync is told of neither as trouble nor as its end;
    nor is what only another release knows.
    """
    one = connections.c
    lasting = or_(one.trouble.is_(None), one.trouble.in_(LASTING))
    # Not `!=`: no trouble is a null, which differs from nothing.
    untold = select(one.id).where(one.trouble.is_distinct_from(one.told_trouble), lasting)
    first = untold.order_by(one.id).limit(limit)
    noted = taking(connections, first).values(told_trouble=one.trouble)
    found = []
    columns = (one.coach_id, one.id, one.trouble, one.troubled_since)
    for coach_id, connection_id, trouble, since in tx.execute(noted.returning(*columns)):
        event = events.calendar(coach_id, connection_id, trouble, since=since, at=now)
        found.append(event)
    return found


def _conflicts(tx: Connection, now: datetime, limit: int) -> list[Event]:
    session = session_rows.c
    untold = select(session.id).where(untold_conflict).order_by(session.id).limit(limit)
    noted = taking(session_rows, untold).values(told_conflict=session.conflict_since)
    ids = tx.scalars(noted.returning(session.id)).all()
    return [events.conflict(sessions.get(tx, session_id), now) for session_id in ids]


def _conferencing(tx: Connection, now: datetime, limit: int) -> list[Event]:
    session = session_rows.c
    untold = select(session.id).where(untold_conferencing).order_by(session.id).limit(limit)
    told = case((session.conferencing_state == "failed", "failed"))
    noted = taking(session_rows, untold).values(told_conferencing=told)
    columns = (session.id, session.told_conferencing, session.conferencing_since)
    found = []
    for session_id, failed, since in tx.execute(noted.returning(*columns)).all():
        failed_since = None
        if failed:
            failed_since = since or now
        found.append(events.conferencing(sessions.get(tx, session_id), failed_since, now))
    return found


def _changed_events(tx: Connection, now: datetime, limit: int) -> Iterator[Event]:
    """What coaches did to the events of sessions in their own calendars, and its end."""
    it = event_differences.c
    # Not `!=`: of whom nobody was told the token is a null, which differs from nothing.
    untold = select(it.session_id).where(it.token.is_distinct_from(it.told_token))
    first = untold.order_by(it.session_id).limit(limit)
    noted = taking(event_differences, first).values(told_token=it.token)
    found = tx.execute(noted.returning(it.session_id, it.kind, it.starts, it.ends, it.since)).all()
    for session_id, kind, starts, ends, since in found:
        session = sessions.get(tx, session_id)
        if kind == SETTLED:
            # Told of in this very transaction: nobody needs the row any more.
            tx.execute(event_differences.delete().where(it.session_id == session_id))
            yield events.event_settled(session, now)
        elif kind == "moved":
            yield events.event_moved(session, starts, ends, since, now)
        else:
            yield events.event_deleted(session, since, now, declined=kind == "declined")


def _wall_clocks(tx: Connection, now: datetime, limit: int) -> Iterator[Event]:
    session = session_rows.c
    untold = select(session.id).where(untold_wall).order_by(session.id).limit(limit)
    noted = taking(session_rows, untold).values(told_wall=session.wall_moved)
    for session_id in tx.scalars(noted.returning(session.id)).all():
        found = sessions.get(tx, session_id)
        # The race: it was cancelled since its clock moved. That is no news of what ended, but it is
        # noted as told, or it would be looked at for ever.
        if found.wall_moved is None or found.active:
            yield events.wall_clock(found, now)


def _participants_clocks(tx: Connection, now: datetime, limit: int) -> Iterator[Event]:
    seat = booking_rows.c
    # Not one that the release before moved since: the next roll puts its local time right.
    known = or_(seat.wall_moved.is_(None), seat.status != "booked", seat.wall_starts == seat.starts)
    chosen = select(seat.id).where(untold_wall_of_booking, known)
    untold = chosen.order_by(seat.id).limit(limit)
    noted = taking(booking_rows, untold).values(told_wall=seat.wall_moved)
    for booking_id, moved in tx.execute(noted.returning(seat.id, seat.wall_moved)).all():
        booking = bookings.get(tx, booking_id)
        # As of a session that ended since.
        if moved is None or booking.status == "booked":
            session = sessions.get(tx, booking.session_id)
            yield events.participant_clock(session, booking, now)


def _latest(tx: Connection, subjects: Sequence[str]) -> dict[str, int]:
    query = select(row.booking_id, func.max(row.version)).where(
        row.kind == "callback", row.endpoint_id.is_(None), row.booking_id.in_(subjects)
    )
    return dict(tx.execute(query.group_by(row.booking_id)).all())


def _forget(tx: Connection, subjects: Sequence[str]) -> None:
    """Something new is told of these: what was told before is history that nobody needs,
    and grows without end.
    """
    mine = row.endpoint_id.is_(None)
    told = locked(row.kind == "callback", mine, row.booking_id.in_(subjects), _over)
    tx.execute(outbox_rows.delete().where(told))


def _owed(event: Event, version: int, event_id: str) -> Owed:
    data: dict[str, Any] = event.data
    return Owed(
        kind="callback",
        topic=event.topic,
        dedupe_key=f"callback:{event.subject}:{version}",
        version=version,
        due_at=event.at,
        payload=event.body,
        coach_id=event.coach_id,
        session_id=data.get("session_id"),
        booking_id=event.subject,
        event_id=event_id,
    )
