"""All that is held of a coach: told in one piece, and erased in one transaction.

Told without what opens a calendar (tokens) and without what says nothing to a person (digests, packed sets). The diary
of what ops did is told and stays: it holds ids, and the erasure itself is written there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, tuple_

from domain.freebusy import Reading
from storage.tables import (
    bookings,
    busy,
    calendars,
    channels,
    coaches,
    connections,
    idempotency,
    oauth_states,
    ops_audit,
    outbox,
    profiles,
    refusals,
    sessions,
    slot_sets,
    withheld_addresses,
)

SECRET = {"tokens", "token", "token_hash", "lease_token", "token_lease_token", "state_hash"}


@dataclass(frozen=True, slots=True)
class Erased:
    """How much there was; `coming`: sessions that had not ended."""

    connections: int
    sessions: int
    coming: int
    bookings: int
    outbox: int
    answers: int


def export(tx: Connection, coach_id: str) -> dict[str, Any] | None:
    """Every row that is about the coach, by table, as JSON takes it. None: there is no such coach."""
    held = _held(coach_id)
    told: dict[str, Any] = {table.name: _rows(tx, table, where) for table, where in held.items()}
    if not told["coaches"]:
        return None
    told["busy"] = _periods(tx, held[busy])
    told["idempotency"] = list(_answers(tx, coach_id))
    return told


def erase(tx: Connection, coach_id: str, *, now: datetime) -> Erased | None:
    """Forget the coach: all that `export` tells but the diary. None: there is no such coach.

    The caller has revoked the connections at Cronofy.
    """
    if tx.execute(select(coaches.c.id).where(coaches.c.id == coach_id).with_for_update()).first() is None:
        return None
    held = _held(coach_id)
    coming = and_(sessions.c.active, sessions.c.ends > int(now.timestamp()))
    counted = {table.name: _count(tx, table, held[table]) for table in (connections, sessions, bookings)}
    still_to_come = _count(tx, sessions, and_(held[sessions], coming))
    answers = [(each["client_id"], each["key"]) for each in _answers(tx, coach_id)]
    for place in range(0, len(answers), 500):
        chosen = tuple_(idempotency.c.client_id, idempotency.c.key).in_(answers[place : place + 500])
        tx.execute(idempotency.delete().where(chosen))
    for table in (withheld_addresses, refusals):
        tx.execute(table.delete().where(held[table]))
    unsent = tx.execute(outbox.delete().where(held[outbox])).rowcount
    tx.execute(coaches.delete().where(held[coaches]))  # the rest goes with it
    return Erased(**counted, coming=still_to_come, outbox=unsent, answers=len(answers))


def _held(coach_id: str) -> dict[Table, ColumnElement[bool]]:
    """Which rows of which table are about the coach."""
    mine = select(connections.c.id).where(connections.c.coach_id == coach_id)
    met = select(sessions.c.id).where(sessions.c.coach_id == coach_id)
    seats = select(bookings.c.id).where(bookings.c.session_id.in_(met))
    address = select(coaches.c.email).where(coaches.c.id == coach_id)
    owed = outbox.c
    about = or_(owed.coach_id == coach_id, owed.session_id.in_(met), owed.booking_id.in_(seats.union(mine)))
    deeds = or_(ops_audit.c.target == coach_id, ops_audit.c.target.in_(select(owed.id).where(about).union(mine)))
    return {
        coaches: coaches.c.id == coach_id,
        connections: connections.c.coach_id == coach_id,
        profiles: profiles.c.connection_id.in_(mine),
        calendars: calendars.c.connection_id.in_(mine),
        channels: channels.c.connection_id.in_(mine),
        busy: busy.c.connection_id.in_(mine),
        oauth_states: oauth_states.c.coach_id == coach_id,
        slot_sets: slot_sets.c.coach_id == coach_id,
        sessions: sessions.c.coach_id == coach_id,
        bookings: bookings.c.session_id.in_(met),
        outbox: about,
        withheld_addresses: withheld_addresses.c.address.in_(address),
        refusals: refusals.c.coach_id == coach_id,
        ops_audit: deeds,
    }


def _rows(tx: Connection, table: Table, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in SECRET]
    query = select(*columns).where(where).order_by(*table.primary_key)
    return [
        {name: _told(value) for name, value in row._mapping.items() if not isinstance(value, bytes | memoryview)}
        for row in tx.execute(query)
    ]


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _count(tx: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return len(tx.execute(select(*table.primary_key).where(where)).all())


def _periods(tx: Connection, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """What is known of the calendars, a row a period: when, and whether it blocks. There is no more."""
    found = []
    for row in tx.execute(select(busy.c.connection_id, busy.c.reading).where(where)):
        reading = Reading.unpack(row.reading)
        for calendar, start, end in zip(reading.calendar, reading.start, reading.end, strict=True):
            where_at = {"connection_id": row.connection_id, "calendar_id": reading.calendars[int(calendar)]}
            found.append({**where_at, "start": int(start), "end": int(end)})
    return found


def _answers(tx: Connection, coach_id: str) -> Iterator[dict[str, Any]]:
    """The answers kept for repeated writes that tell of the coach, of a session, or of a mail about one."""
    held = _held(coach_id)
    address = tx.scalar(select(coaches.c.email).where(held[coaches]))
    ids = {
        found for table in (sessions, bookings, outbox) for found in tx.scalars(select(table.c.id).where(held[table]))
    }
    row = idempotency.c
    query = select(row.client_id, row.key, row.created_at, row.answer).where(row.answer.is_not(None), row.answer != b"")
    for kept in tx.execute(query.order_by(row.client_id, row.key)).all():
        answer = orjson.loads(kept.answer)
        if any(_names(name, text, coach_id, ids, address) for name, text in _texts("", answer)):
            told = {"client_id": kept.client_id, "key": kept.key, "created_at": _told(kept.created_at)}
            yield told | {"answer": answer}


def _names(name: str, text: str, coach_id: str, ids: set[str], address: str | None) -> bool:
    if name == "coach_id" and text == coach_id:
        return True
    return text in ids or (address is not None and address in text)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in an answer, with the name of the member that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(name, item)
