"""The history of sessions and bookings, as it is read (storage.schema.history writes it)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from domain.history import HOLDS, Kept
from storage.schema import records
from storage.schema.tables import bookings, history, sessions

KEPT_HOLDS = timedelta(days=30)
row = history.c


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """`number`: the order in which things happened. `change_id`: what was one transaction."""

    number: int
    change_id: str
    at: datetime
    what: str
    coach_id: str
    session_id: str
    booking_id: str | None
    before: Kept
    after: Kept
    reason: str | None
    excused: bool
    door: str
    name: str | None
    request_id: str | None


COLUMNS = records.columns_of(history, HistoryRow)


def of_booking(tx: Connection, booking_id: str) -> list[HistoryRow]:
    return _found(tx, row.booking_id == booking_id)


def of_session(tx: Connection, session_id: str) -> list[HistoryRow]:
    """Its own, and those of the seats in it."""
    return _found(tx, row.session_id == session_id)


def of_request(tx: Connection, request_id: str, *, limit: int) -> list[HistoryRow]:
    return _found(tx, row.request_id == request_id, limit=limit)


def knows_booking(tx: Connection, booking_id: str) -> bool:
    return tx.scalar(select(bookings.c.id).where(bookings.c.id == booking_id)) is not None


def knows_session(tx: Connection, session_id: str) -> bool:
    """Also one, or a hold, that is gone but for its history."""
    if tx.scalar(select(sessions.c.id).where(sessions.c.id == session_id)) is not None:
        return True
    return tx.scalar(select(row.number).where(row.session_id == session_id).limit(1)) is not None


def of_coach(tx: Connection, coach_id: str, *, limit: int) -> list[HistoryRow]:
    """The newest, in order."""
    query = select(*COLUMNS).where(row.coach_id == coach_id).order_by(row.number.desc())
    return records.all_as(tx, HistoryRow, query.limit(limit))[::-1]


def drop_holds(tx: Connection, *, now: datetime) -> int:
    """How many steps there were of holds that ended long ago: nothing came of most of them."""
    old = history.delete().where(row.what.in_(HOLDS), row.at < now - KEPT_HOLDS)
    return tx.execute(old).rowcount


def _found(
    tx: Connection, *where: ColumnElement[bool], limit: int | None = None
) -> list[HistoryRow]:
    query = select(*COLUMNS).where(*where)
    return records.all_as(tx, HistoryRow, query.order_by(row.number).limit(limit))
