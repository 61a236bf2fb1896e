"""All that is kept of a person: whose each row is, and all of it in one piece, for whoever asks for
their data.

Exported without what opens a calendar (tokens) and without what says nothing to a person (digests,
packed sets). The audit of what ops did is exported and stays: it holds ids, and an erasure itself
is written there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select

from domain.freebusy import Reading
from domain.mail.safety import mail_address
from storage.rows.audit_log import Deed, note
from storage.rows.idempotency import StoredAnswer
from storage.schema.tables import (
    bookings,
    busy,
    calendars,
    channels,
    coaches,
    connections,
    erasures,
    event_differences,
    event_looks,
    idempotency,
    imported_people,
    links,
    oauth_states,
    ops_audit,
    outbox,
    profiles,
    refusals,
    sessions,
    slot_sets,
    withheld_addresses,
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

Rows = dict[Table, ColumnElement[bool]]
"""Which rows of which table are about a person."""
Kind = Literal["coach", "participant"]


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


def of_coach(tx: Connection, coach_id: str) -> Rows:
    # Subqueries, not lists of ids: a coach of some years has more bookings
    # than a statement takes parameters.
    mine = select(connections.c.id).where(connections.c.coach_id == coach_id)
    met = select(sessions.c.id).where(sessions.c.coach_id == coach_id)
    seats = select(bookings.c.id).where(bookings.c.session_id.in_(met))
    owed = outbox.c
    # Relink mails are about an account, and have its id where others have a booking's.
    about = or_(
        owed.coach_id == coach_id, owed.session_id.in_(met), owed.booking_id.in_(seats.union(mine))
    )
    # What ops did may have been done to the coach, to an account of theirs, or to a mail.
    deeds = or_(
        ops_audit.c.target == coach_id,
        ops_audit.c.target.in_(select(owed.id).where(about).union(mine)),
    )
    return {
        coaches: coaches.c.id == coach_id,
        connections: connections.c.coach_id == coach_id,
        profiles: profiles.c.connection_id.in_(mine),
        calendars: calendars.c.connection_id.in_(mine),
        channels: channels.c.connection_id.in_(mine),
        busy: busy.c.connection_id.in_(mine),
        oauth_states: oauth_states.c.coach_id == coach_id,
        links: links.c.coach_id == coach_id,
        slot_sets: slot_sets.c.coach_id == coach_id,
        sessions: sessions.c.coach_id == coach_id,
        bookings: bookings.c.session_id.in_(met),
        event_looks: event_looks.c.session_id.in_(met),
        event_differences: event_differences.c.session_id.in_(met),
        outbox: about,
        withheld_addresses: withheld_addresses.c.address.in_(addresses_of_coach(tx, coach_id)),
        refusals: refusals.c.coach_id == coach_id,
        erasures: (erasures.c.kind == "coach") & (erasures.c.person_id == coach_id),
        ops_audit: deeds,
    }


def of_participant(tx: Connection, participant_id: str) -> Rows:
    """`sessions` are the holds that keep a time for them."""
    seats = select(bookings.c.id).where(bookings.c.participant_id == participant_id)
    return {
        bookings: bookings.c.participant_id == participant_id,
        sessions: (sessions.c.kind == "hold") & (sessions.c.owner == participant_id),
        outbox: outbox.c.booking_id.in_(seats),
        withheld_addresses: withheld_addresses.c.address.in_(
            addresses_of_participant(tx, participant_id)
        ),
        imported_people: imported_people.c.participant_id == participant_id,
        links: links.c.participant_id == participant_id,
        erasures: (erasures.c.kind == "participant") & (erasures.c.person_id == participant_id),
        ops_audit: ops_audit.c.target == participant_id,
    }


def addresses_of_coach(tx: Connection, coach_id: str) -> set[str]:
    """The coach's mail address as it was typed and as mails have it,
    and those that it was before.
    """
    addresses = _written_to(tx, "coach", outbox.c.coach_id == coach_id)
    typed = tx.scalar(select(coaches.c.email).where(coaches.c.id == coach_id))
    if typed:
        addresses |= {typed, mail_address("email", typed)}
    return addresses


def addresses_of_participant(tx: Connection, participant_id: str) -> set[str]:
    """Every mail address that the participant was ever booked with or written to."""
    mine = bookings.c.participant_id == participant_id
    seats = select(bookings.c.id).where(mine)
    addresses = _written_to(tx, "participant", outbox.c.booking_id.in_(seats))
    for participant in tx.scalars(select(bookings.c.participant).where(mine)):
        addresses.add(participant["email"])
    return addresses


def _written_to(tx: Connection, kind: Kind, about: ColumnElement[bool]) -> set[str]:
    role = outbox.c.payload[("recipient", "role")].as_string()
    to = select(outbox.c.recipient).where(
        outbox.c.kind == "mail", role == kind, outbox.c.recipient.is_not(None), about
    )
    return set(tx.scalars(to))


def answers_about_coach(tx: Connection, coach_id: str) -> Iterator[KeptAnswer]:
    """The kept answers that tell of the coach, of a session, or of a mail about one."""
    ids = _ids(tx, of_coach(tx, coach_id))
    named = {"coach_id": coach_id}
    yield from _answers(tx, _mentions(named, ids, addresses_of_coach(tx, coach_id)))


def answers_about_participant(tx: Connection, participant_id: str) -> Iterator[KeptAnswer]:
    """The kept answers that name the participant, one of their bookings, or a mail to them."""
    ids = _ids(tx, of_participant(tx, participant_id))
    named = {"participant_id": participant_id, "owner": participant_id}
    yield from _answers(tx, _mentions(named, ids, addresses_of_participant(tx, participant_id)))


Mentions = Callable[[str, str], bool]
"""Whether a text, in a member of this name, tells of the person."""


def _mentions(named: dict[str, str], ids: set[str], mail_addresses: set[str]) -> Mentions:
    # Ids are compared whole; an address may stand within a sentence, such as that of a refusal.
    def mentions(name: str, text: str) -> bool:
        if text in ids or named.get(name) == text:
            return True
        return any(address in text for address in mail_addresses)

    return mentions


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
        if any(starmap(mentions, _texts("", document))):
            yield KeptAnswer(found.client_id, found.key, found.created_at, document)


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
