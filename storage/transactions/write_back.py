"""Where a coach's sessions are written: the calendars that there are, which was chosen, which
session stands in which.

A session's row says where its event was written, or is about to be, before it is; and in which
calendars it may still stand besides (its strays), from where it is taken away. So a move that is
cut short anywhere leaves no second event.

              put(A), then the write              put(B), then the write
    nowhere ------------------------->  in A  -------------------------->  in B, a stray in A
      ^  ^                              |  ^                                 |  |
      |  |         put_back(None)       |  |           put_back(A)           |  |
      |  +------------------------------+  +---------------------------------+  |
      |         A did not take it                   B did not take it           |
      |                                                                         |
      |  leave: B's account is erased          taken_away(A): A's is deleted    |
      +------------------------------  in B  <----------------------------------+

    stray(C), from any of these: a late write of ours was seen in C, and is to be deleted there

Between a write and the answer to it nobody knows what stands there; `storage.transactions.looks`
goes on looking until it is known. Each step is a transaction of its own, and locks the session.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select

from domain.event_differences import Times
from domain.sessions import Session, Unknown
from storage.rows import bookings, event_differences, outbox
from storage.rows import coaches as coach_rows
from storage.rows import sessions as session_rows
from storage.rows.calendars import targets
from storage.rows.event_differences import Difference
from storage.rows.outbox import Owed
from storage.schema.leases import to_change
from storage.schema.tables import calendars, coaches, connections, sessions


@dataclass(frozen=True, slots=True)
class CalendarEntry:
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
    strays: tuple[str, ...]
    """The calendars that it may still stand in besides."""
    address_hash: bytes | None = field(default=None, repr=False)
    """Of the address where Cronofy calls about its link."""
    stood: bool = False
    """Whether it is known to have stood there as the session is."""
    difference: Difference | None = None
    """What the coach did to it there, which nobody settled yet."""
    was_elsewhere: bool = False
    """Whether the event may show a place that the session has left."""

    @property
    def times(self) -> Times:
        """When it is to stand there: as the session says, or where the coach put it as long as they
        are asked about that.
        """
        put = self.difference
        if put is None or put.starts is None or put.ends is None:
            return self.session.starts, self.session.ends
        return put.starts, put.ends

    @property
    def taken_out(self) -> bool:
        """Whether the coach took it out of the calendar, and is asked about that."""
        return self.difference is not None and self.difference.kind == "deleted"


def entry(tx: Connection, session_id: str) -> CalendarEntry | None:
    """The session as it is now; None when it is gone, or a hold."""
    try:
        session = session_rows.get(tx, session_id)
    except Unknown:
        return None
    row = sessions.c
    its = (row.event_calendar_id, row.event_strays, row.event_stood_ms, row.left_links)
    query = select(coaches.c.zone, coaches.c.horizon_days, *its, row.conferencing_address_hash)
    found = tx.execute(query.join(sessions).where(sessions.c.id == session_id)).one()
    zone, horizon_days, calendar_id, strays, stood_ms, left_links, address_hash = found
    difference = event_differences.of_session(tx, session_id)
    # The coach chose another calendar since: there it is written as the session is.
    if difference is not None and difference.calendar_id != calendar_id:
        difference = None
    people, programme_name = [], session.context.programme_name
    for booking in bookings.of_session(tx, session_id):
        if booking.status == "booked":
            people.append(booking.participant.name)
            programme_name = programme_name or booking.context.programme_name
    return CalendarEntry(
        session=session,
        zone=zone,
        horizon_days=horizon_days,
        people=tuple(people),
        programme_name=programme_name or None,
        calendar_id=calendar_id,
        strays=tuple(strays or ()),
        address_hash=address_hash,
        stood=stood_ms is not None,
        difference=difference,
        was_elsewhere=left_links is not None,
    )


def put(tx: Connection, session_id: str, calendar_id: str, *, instead_of: str | None) -> bool:
    """Remember where a session is about to be written: before it is, so that after a crash it is
    written there again, and not into another calendar too. False: it is not to be `instead_of` any
    more, somebody said otherwise meanwhile, or disconnects the calendar's account.
    """
    # The race: the coach chooses another calendar while a worker is about to write into this one.
    # The worker says where it believed the event to be: if that is not so any more, it begins anew.
    known = _is_known(tx, session_id, calendar_id)
    standing, strays = locked(tx, session_id)
    if standing != instead_of or not known:
        return False
    # A stray from this moment on: a worker
    # that dies before it has deleted the old event leaves word of it here.
    set_places(tx, session_id, calendar_id, strays | {standing})
    return True


def put_back(tx: Connection, session_id: str, calendar_id: str | None, *, out_of: str) -> None:
    """Remember that a calendar did not take the event after all:
    it stands where it stood, or nowhere.
    """
    standing, strays = locked(tx, session_id)
    if standing == out_of:
        set_places(tx, session_id, calendar_id, strays)


def stray(tx: Connection, session_id: str, calendar_id: str) -> None:
    """Remember that a session was written into a calendar
    that it had been moved out of meanwhile.
    """
    if _is_known(tx, session_id, calendar_id):
        standing, strays = locked(tx, session_id)
        set_places(tx, session_id, standing, strays | {calendar_id})


def taken_away(tx: Connection, session_id: str, calendar_id: str) -> None:
    """Remember that a session stands in this calendar no more, besides where it belongs."""
    standing, strays = locked(tx, session_id)
    set_places(tx, session_id, standing, strays - {calendar_id})


def leave(tx: Connection, coach_id: str, connection_id: str, *, now: datetime) -> None:
    """Forget which sessions stand in the calendars of an account that is being erased. Those to
    come are owed another place, as soon as there is one. What stands in the coach's other accounts
    can still be found there.

    The caller holds the coach's lock.
    """
    row = sessions.c
    mine = set(tx.scalars(select(calendars.c.id).where(calendars.c.connection_id == connection_id)))
    others = select(connections.c.id).where(
        connections.c.coach_id == coach_id, connections.c.id != connection_id
    )
    # An account may list a calendar no more that it had. Of a coach's last account all are its.
    last = tx.scalar(others.limit(1)) is None
    anywhere = or_(row.event_calendar_id.is_not(None), row.event_strays.is_not(None))
    query = select(row.id, row.version, coming_of(coach_id, now)).where(
        row.coach_id == coach_id, anywhere
    )
    owed = []
    for session_id, version, coming in tx.execute(query.order_by(row.id)).all():
        standing, strays = locked(tx, session_id)
        lost = last or standing in mine
        stays, left = standing, strays - mine
        if lost:
            stays = None
        if last:
            left = set()
        set_places(tx, session_id, stays, left)
        is_owed = lost and coming
        if is_owed and standing:
            key = f"{session_id}:{version}:{unnamed(standing)}"
            owed.append(owed_row(coach_id, session_id, version, key, now))
    outbox.add(tx, owed, now=now)


def coming_of(coach_id: str, now: datetime) -> ColumnElement[bool]:
    row = sessions.c
    return and_(
        row.coach_id == coach_id, row.ends > int(now.timestamp()), row.active, row.kind != "hold"
    )


def locked(tx: Connection, session_id: str) -> tuple[str | None, set[str | None]]:
    """Where it stands and its strays, which nobody else changes until the transaction ends."""
    row = sessions.c
    query = select(row.event_calendar_id, row.event_strays).where(row.id == session_id)
    found = tx.execute(to_change(query)).first()
    if found is None:
        return None, set()
    return found[0], set(found[1] or ())


def set_places(
    tx: Connection, session_id: str, calendar_id: str | None, strays: set[str | None]
) -> None:
    left = sorted(each for each in strays if each and each != calendar_id)
    # Null, not an empty list: what has strays is looked for by that.
    # What is known to have stood in one calendar says nothing of another.
    same = sessions.c.event_calendar_id == calendar_id
    stays = case((same, sessions.c.event_stood_ms), else_=None)
    values: dict[str, Any] = {"event_calendar_id": calendar_id, "event_strays": left or None}
    values["event_stood_ms"] = stays
    tx.execute(sessions.update().where(sessions.c.id == session_id).values(values))


def owed_row(
    coach_id: str, session_id: str, version: int, key: str, now: datetime, *, topic: str = "upsert"
) -> Owed:
    """A row of the outbox that is due at once; `key` tells it apart from the session's others."""
    return Owed(
        kind="calendar",
        topic=topic,
        dedupe_key=f"calendar:{key}",
        version=version,
        due_at=now,
        coach_id=coach_id,
        session_id=session_id,
    )


def unnamed(*calendar_ids: str) -> str:
    """Tells calendars apart in rows that outlive their account, and names none."""
    return blake2b(":".join(calendar_ids).encode(), digest_size=8).hexdigest()


def _is_known(tx: Connection, session_id: str, calendar_id: str) -> bool:
    """Whether the calendar is the coach's. Not that of an account which is being erased: nothing is
    remembered of it. Takes the coach's lock, as `leave` has it: an erasure comes before, or after.
    """
    coach_id = tx.scalar(select(sessions.c.coach_id).where(sessions.c.id == session_id))
    if coach_id is None or coach_rows.lock(tx, coach_id) is None:
        return False
    return any(place.calendar_id == calendar_id for place in targets(tx, coach_id))
