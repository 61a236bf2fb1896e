"""Where a coach's sessions are written: the calendars that there are, and which session stands in which."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from domain.sessions import Session, Unknown
from storage import outbox, seats
from storage import sessions as session_rows
from storage.outbox import Owed
from storage.tables import calendars, coaches, connections, profiles, sessions


@dataclass(frozen=True, slots=True)
class Entry:
    """A session and what a calendar shows of it."""

    session: Session
    zone: str
    """The coach's, as is the horizon."""
    horizon_days: int
    people: tuple[str, ...] = field(repr=False)
    """The names of those who have a seat."""
    programme_name: str | None = field(repr=False)
    calendar_id: str | None
    """Where it was written, or was about to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar of a coach. `connected`: we have working credentials for it. `writable`: it takes events."""

    connection_id: str
    calendar_id: str
    connected: bool
    writable: bool


def entry(tx: Connection, session_id: str) -> Entry | None:
    """The session as it is now; None when it is gone, or a hold."""
    try:
        session = session_rows.get(tx, session_id)
    except Unknown:
        return None
    query = select(coaches.c.zone, coaches.c.horizon_days, sessions.c.event_calendar_id).join(sessions)
    zone, horizon_days, calendar_id = tx.execute(query.where(sessions.c.id == session_id)).one()
    seated = [booking for booking in seats.of_session(tx, session_id) if booking.status == "booked"]
    named = [context.programme_name for context in (session.context, *(booking.context for booking in seated))]
    return Entry(
        session=session,
        zone=zone,
        horizon_days=horizon_days,
        people=tuple(booking.participant.name for booking in seated),
        programme_name=next(filter(None, named), None),
        calendar_id=calendar_id,
    )


def places(tx: Connection, coach_id: str) -> tuple[Place, ...]:
    """The coach's calendars, the best first: those that can be reached, and of those the primary ones."""
    profile = and_(profiles.c.connection_id == calendars.c.connection_id, profiles.c.id == calendars.c.profile_id)
    connected = and_(profiles.c.connected, func.coalesce(connections.c.trouble, "") != "revoked")
    query = (
        select(calendars.c.connection_id, calendars.c.id, connected.label("connected"), calendars.c.readonly)
        .join(connections, connections.c.id == calendars.c.connection_id)
        .join(profiles, profile)
        .where(connections.c.coach_id == coach_id, calendars.c.deleted.is_(False), connections.c.erase_due.is_(False))
        .order_by(connected.desc(), calendars.c.is_primary.desc(), calendars.c.connection_id, calendars.c.id)
    )
    return tuple(Place(row[0], row[1], bool(row[2]), writable=not row[3]) for row in tx.execute(query))


def put(tx: Connection, session_id: str, calendar_id: str) -> None:
    """Remember where a session is about to be written: before it is, so that after a crash it is written there again,
    and not into another calendar too.
    """
    tx.execute(sessions.update().where(sessions.c.id == session_id).values(event_calendar_id=calendar_id))


def owe_moves(tx: Connection, coach_id: str, *, now: datetime) -> None:
    """Owe a calendar row to each coming session whose calendar is gone or takes events no more, if another does.

    Nobody is woken: the sweeper does that.
    """
    there = [place.calendar_id for place in places(tx, coach_id) if place.writable]
    if not there:
        return
    row = sessions.c
    coming = and_(row.coach_id == coach_id, row.ends > int(now.timestamp()), row.active, row.kind != "hold")
    query = select(row.id, row.version, row.event_calendar_id).where(coming, row.event_calendar_id.not_in(there))
    lost = tx.execute(query.order_by(row.id)).all()
    outbox.add(tx, [_move(coach_id, *found, now) for found in lost], now=now)


def _move(coach_id: str, session_id: str, version: int, calendar_id: str, now: datetime) -> Owed:
    return Owed(
        kind="calendar",
        topic="upsert",
        dedupe_key=f"calendar:{session_id}:{version}:{calendar_id}",
        version=version,
        due_at=now,
        coach_id=coach_id,
        session_id=session_id,
    )
