"""All that is kept of a person, in one piece, for whoever asks for their data.

Exported without what opens a calendar (tokens) and without what says nothing to a person (digests,
packed sets). The audit of what ops did is exported and stays: it holds ids, and an erasure itself
is written there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, select

from domain.freebusy import Reading
from storage.reports.mentions import Mentions, mentions_of, told_in
from storage.reports.whose_rows import (
    Kind,
    Rows,
    addresses_of_coach,
    addresses_of_participant,
    of_coach,
    of_participant,
)
from storage.rows.audit_log import Deed, note
from storage.rows.idempotency import StoredAnswer
from storage.schema.tables import (
    bookings,
    busy,
    idempotency,
    outbox,
    sessions,
)

# What opens a calendar or a page, and what only tells processes apart.
SECRET = {
    "tokens",
    "token",
    "token_hash",
    "lease_token",
    "token_lease_token",
    "state_hash",
    "sealed",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A coach or a participant, by the platform's own id."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that is kept for repeats of a write, and the key it is kept under."""

    client_id: str
    key: str
    created_at: datetime
    document: Any


def export(tx: Connection, person: Person, *, actor: str, now: datetime) -> dict[str, Any] | None:
    """All that is kept of the person; that `actor` was given it is in the audit from now on.
    None: there is nothing.
    """
    if person.kind == "coach":
        exported = export_coach(tx, person.id)
    else:
        exported = export_participant(tx, person.id)
    if exported is not None:
        note(tx, Deed(now, actor, "export", person.id, person.kind))
    return exported


def export_coach(tx: Connection, coach_id: str) -> dict[str, Any] | None:
    """Every row that is about the coach, by table, as JSON takes it.
    None: there is no such coach.
    """
    rows = of_coach(tx, coach_id)
    exported = _exported(tx, rows)
    if not exported["coaches"]:
        return None
    exported["busy"] = _periods(tx, rows[busy])
    exported["idempotency"] = list(map(_as_json, answers_about_coach(tx, coach_id)))
    return exported


def export_participant(tx: Connection, participant_id: str) -> dict[str, Any] | None:
    """Every row that is about the participant, likewise.
    None: nothing is kept of anybody with this id.
    """
    exported = _exported(tx, of_participant(tx, participant_id))
    exported["idempotency"] = list(map(_as_json, answers_about_participant(tx, participant_id)))
    if not any(exported.values()):
        return None
    return exported


def answers_about_coach(tx: Connection, coach_id: str) -> Iterator[KeptAnswer]:
    """The kept answers that tell of the coach, of a session, or of a mail about one."""
    ids = _ids(tx, of_coach(tx, coach_id))
    named = {"coach_id": coach_id}
    yield from _answers(tx, mentions_of(named, ids, addresses_of_coach(tx, coach_id)))


def answers_about_participant(tx: Connection, participant_id: str) -> Iterator[KeptAnswer]:
    """The kept answers that name the participant, one of their bookings, or a mail to them."""
    ids = _ids(tx, of_participant(tx, participant_id))
    named = {"participant_id": participant_id, "owner": participant_id}
    yield from _answers(tx, mentions_of(named, ids, addresses_of_participant(tx, participant_id)))


def _ids(tx: Connection, rows: Rows) -> set[str]:
    found: set[str] = set()
    for table in (sessions, bookings, outbox):
        found.update(tx.scalars(select(table.c.id).where(rows[table])))
    return found


def _answers(tx: Connection, mentions: Mentions) -> Iterator[KeptAnswer]:
    row = idempotency.c
    query = select(row.client_id, row.key, row.created_at, row.status, row.answer)
    kept = query.where(row.answer.is_not(None)).order_by(row.client_id, row.key)
    # Every answer of 48 hours is read, each time: no index knows who is named in one. That is the
    # price of not writing down with each answer whom it is about.
    for found in tx.execute(kept).all():
        document = StoredAnswer(found.status, found.answer).document
        if told_in(document, mentions):
            yield KeptAnswer(found.client_id, found.key, found.created_at, document)


def _exported(tx: Connection, rows: Rows) -> dict[str, Any]:
    return {table.name: _rows(tx, table, where) for table, where in rows.items()}


def _rows(tx: Connection, table: Table, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in SECRET]
    query = select(*columns).where(where).order_by(*table.primary_key)
    return list(map(_row_as_json, tx.execute(query).mappings()))


def _row_as_json(row: RowMapping) -> dict[str, Any]:
    """Without digests and packed sets, which say nothing to a person."""
    return {
        name: _iso(value)
        for name, value in row.items()
        if not isinstance(value, bytes | memoryview)
    }


def _as_json(kept: KeptAnswer) -> dict[str, Any]:
    about = {"client_id": kept.client_id, "key": kept.key, "created_at": _iso(kept.created_at)}
    return about | {"answer": kept.document}


def _iso(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _periods(tx: Connection, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """What is known of the calendars, a row a period:
    when, and whether it blocks. There is no more.
    """
    found = []
    for row in tx.execute(select(busy.c.connection_id, busy.c.reading).where(where)):
        reading = Reading.unpack(row.reading)
        for calendar, start, end in zip(reading.calendar, reading.start, reading.end, strict=True):
            calendar_id = reading.calendars[int(calendar)]
            whose = {"connection_id": row.connection_id, "calendar_id": calendar_id}
            found.append(whose | {"start": int(start), "end": int(end)})
    return found
