"""Holds as rows: sessions of a kind of their own, which end by themselves (storage.rows.sessions
draws them).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain.history import HistoryStep
from domain.sessions import Session
from storage.rows import sessions as session_rows
from storage.schema.history import note
from storage.schema.tables import sessions

row = sessions.c
_is_hold = row.kind == "hold"


def get(tx: Connection, hold_id: str) -> Session | None:
    found = session_rows.read(tx, select(sessions).where(row.id == hold_id, _is_hold))
    return next(iter(found), None)


def of_owner(tx: Connection, coach_id: str, owner: str) -> list[Session]:
    """What is kept for this owner with this coach, and what has ended and is still there."""
    return session_rows.read(tx, select(sessions).where(_kept_for(coach_id, owner)))


def release_of(tx: Connection, coach_id: str, owner: str, *, now: datetime) -> None:
    _delete(tx, _kept_for(coach_id, owner), "hold_released", now)


def release(tx: Connection, hold_id: str, *, now: datetime) -> None:
    _delete(tx, and_(row.id == hold_id, _is_hold), "hold_released", now)


def use(tx: Connection, hold_id: str, *, now: datetime) -> None:
    """It becomes a session."""
    _delete(tx, and_(row.id == hold_id, _is_hold), "hold_used", now)


def drop_expired(tx: Connection, coach_id: str, *, now: datetime) -> bool:
    """Take the rows of ended holds away. Whether there were any."""
    ended = and_(row.coach_id == coach_id, _is_hold, row.expires_at <= now)
    return _delete(tx, ended, "hold_expired", now)


def coaches_with_expired(tx: Connection, *, now: datetime) -> list[str]:
    ended = select(row.coach_id).where(row.expires_at <= now)
    return list(tx.scalars(ended.distinct().order_by(row.coach_id)))


def until(tx: Connection, coach_id: str, *, now: datetime) -> datetime | None:
    """When the next of the coach's holds ends."""
    mine = and_(row.coach_id == coach_id, _is_hold, row.expires_at > now)
    found: datetime | None = tx.scalar(select(func.min(row.expires_at)).where(mine))
    return found


def _delete(tx: Connection, which: ColumnElement[bool], what: str, now: datetime) -> bool:
    gone = tx.execute(sessions.delete().where(which).returning(row.id, row.coach_id)).all()
    for hold_id, coach_id in gone:
        note(tx, HistoryStep(now, what, coach_id, hold_id))
    return bool(gone)


def _kept_for(coach_id: str, owner: str) -> ColumnElement[bool]:
    return and_(row.coach_id == coach_id, _is_hold, row.owner == owner)
