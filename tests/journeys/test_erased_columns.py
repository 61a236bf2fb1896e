"""Nothing that anybody may have written about a person outlives them: each text of each table that
is theirs is given a mark, and after the erasure no mark is left.

The columns are found in the schema: a new one that keeps something makes this red.
"""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Connection, Table, Text, cast, literal, select

from domain.sessions import ERASED_ID
from storage.reports.personal_data import Person
from storage.reports.whose_rows import Kind, Rows, of_coach, of_participant
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings, holds
from tests.support import people
from tests.support.command_line import told
from tests.support.in_process import Connected, House, house
from tests.support.people import at
from workers.jobs import erasure

__all__ = ["house", "told"]

MARK = "wombat"
READ = {
    *(
        "answer",
        "attendee_answer",
        "kind",
        "status",
        "state",
        "topic",
        "mode",
        "policy",
        "zone",
        "language",
        "outcome",
    ),
    *("lease_token", "token_lease_token", "trouble", "told_trouble", "data_center", "version"),
    *("weekly", "overrides", "durations", "tzdata", "receives", "context", "event_strays"),
    *("company", "project", "cohort", "programme_name"),
    *("place", "place_kinds", "conferencing", "conferencing_state", "told_conferencing"),
    *("away", "travel", "holidays", "event_policy"),
    *("what", "before", "after", "door"),
}
"""Words of a closed set, or what the product itself takes apart: nobody's own text."""
FOUND_BY = {
    *("id", "coach_id", "session_id", "booking_id", "connection_id", "participant_id", "person_id"),
    *(
        "owner",
        "address",
        "email",
        "uid",
        "dedupe_key",
        "message_id",
        "outbox_id",
        "calendar_id",
        "replaces",
        "shell_id",
        "token",
        "subject",
        "company_id",
        "change_id",
        "request_id",
        "endpoint_id",
        "event_id",
    ),
}
"""Ids, and addresses by which a row is found: what becomes of them, other tests say."""
AUDIT = {("ops_audit", name) for name in ("actor", "action", "target", "detail")}
SESSION = {
    ("sessions", name)
    for name in ("title", "format", "wall", "wall_moved", "told_wall", "join_url", "group_id")
}
KEPT = {
    "coach": AUDIT,
    # A time of the coach's, or of a group's: not about who took a seat.
    "participant": AUDIT
    | SESSION
    | {("sessions", "event_calendar_id"), ("outbox", "reason"), ("history", "name")},
}
GRACE, ADA = Person("participant", "grace"), Person("coach", "ada")


@pytest.fixture
def ada(told: House) -> Connected:
    """Ada with a calendar, Grace in a session of hers that was forced, and in one that is over, and
    all that tells of the two.
    """
    told.introduce(people.MAILED)
    account = told.connect()
    told.refresh(account.connection_id)
    services = told.runtime.services
    with services.database.write() as tx:
        terms = services.terms()
        forced = Wanted("ada", at(4, 10), 60, "She asked for it.")
        booked = bookings.book(tx, forced, people.GRACE, people.PROGRAMME, terms)
        ended = bookings.book(
            tx, Wanted("ada", at(4, 14), 60), people.GRACE, people.PROGRAMME, terms
        )
        bookings.cancel(tx, ended.booking.id, terms)
        holds.hold(tx, Wanted("ada", at(3, 14), 60), "grace", 10, terms)
        told_of(tx, account.connection_id, booked.session.id)
    return account


def told_of(tx: Connection, connection_id: str, session_id: str) -> None:
    now = people.NOW
    soon = now + timedelta(hours=1)
    state = {"state_hash": b"s", "coach_id": "ada", "expires_at": soon}
    link = {"token_hash": b"t", "leads": "page", "coach_id": "ada", "participant_id": "grace"}
    refusal = {"id": "ref_1", "at": now, "place": "GET /book", "code": "x", "coach_id": "ada"}
    look = {"session_id": session_id, "calendar_id": "c", "connection_id": connection_id}
    withheld = [
        {"address": each, "reason": "550", "reply": "no", "since": now}
        for each in ("ada@example.test", people.GRACE.email)
    ]
    known = {"address_hash": b"a", "participant_id": "grace"}
    shell = {"id": "ses_0", "coach_id": "ada", "format": "open", "context": {}, "created_at": now}
    person = {"shell_id": "ses_0", "participant_id": "grace", "participant": {"email": "g@x.test"}}
    rows: list[tuple[Table, Any]] = [
        (tables.oauth_states, state),
        (tables.links, link | {"meaning": {}, "expires_at": soon}),
        (tables.refusals, refusal),
        (tables.event_looks, look | {"since": now, "next_look_at": now, "token": "k"}),
        (tables.event_differences, look | {"kind": "moved", "since": now, "token": "k"}),
        (tables.withheld_addresses, withheld),
        (tables.imported_people, known),
        (tables.pod_shells, shell),
        (tables.pod_shell_people, person),
    ]
    for table, values in rows:
        tx.execute(table.insert().values(values))


def marked(tx: Connection, rows: Rows, kept: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Mark each text of these rows; which columns there were."""
    found = set()
    for table, where in rows.items():
        for column in table.c:
            name = (table.name, column.name)
            if column.name in READ | FOUND_BY or name in kept:
                continue
            if isinstance(column.type, JSON):
                mark_json(tx, table, column, where)
            elif isinstance(column.type, Text):
                mark = literal(f"{MARK} ") + cast(list(table.primary_key)[-1], Text)
                if "hash" in list(table.primary_key)[-1].name:
                    mark = literal(MARK)
                tx.execute(table.update().where(where).values({column.name: mark}))
            else:
                continue
            found.add(name)
    return found


def mark_json(tx: Connection, table: Table, column: Column[Any], where: Any) -> None:
    keys = list(table.primary_key)
    for row in tx.execute(select(column, *keys).where(where)).all():
        its = [key == getattr(row, key.name) for key in keys]
        value = {**(row[0] or {}), MARK: MARK}
        tx.execute(table.update().where(*its).values({column.name: value}))


def everything(tx: Connection) -> dict[str, str]:
    found = {}
    for table in tables.metadata.sorted_tables:
        found[table.name] = repr(tx.execute(table.select()).all())
    return found


@pytest.mark.parametrize("kind", ["coach", "participant"])
def test_no_text_of_any_table_outlives_whom_it_is_about(
    told: House, ada: Connected, kind: Kind
) -> None:
    person = {"coach": ADA, "participant": GRACE}[kind]
    services = told.runtime.services
    # Given a mark in each of their texts, those of sessions and mails about them included
    with services.database.write() as tx:
        rows = {"coach": of_coach, "participant": of_participant}[kind](tx, person.id)
        met = select(tables.bookings.c.session_id).where(
            tables.bookings.c.participant_id == "grace"
        )
        rows[tables.sessions] = tables.sessions.c.id.in_(met)
        columns = marked(tx, rows, KEPT[kind])
        assert ("sessions", "force_reason") in columns
        dumped = everything(tx)
    empty = {name for name, _ in columns if MARK not in dumped[name]} - {"erasures", "farewells"}
    assert empty <= {"ops_audit"}
    # When they are erased
    erased = erasure.erase(services, person, actor="a test")
    assert erased is not None
    assert erased.failure is None
    # Then no mark is left anywhere
    with services.database.read() as tx:
        left = everything(tx)
    assert {name: text for name, text in left.items() if MARK in text} == {}
    assert (ERASED_ID in left["bookings"]) == (kind == "participant")
