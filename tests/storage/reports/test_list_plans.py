"""No list reads a table whole: each filter has an index, in the order of pages."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, event

from storage.reports import session_lists
from storage.reports.lists import SessionFilter
from storage.schema.database import Database
from tests.support import people
from tests.support.query_plans import plan_of

WHOLE = re.compile(r"Seq Scan on|SCAN \w+\b(?! USING)")
"""How the two databases say that they read all of a table."""
SINCE = people.NOW - timedelta(days=1)


def asked_of(database: Database, read: Callable[[Connection], Any]) -> list[str]:
    """The statements by which it reads, with their values in them."""
    found: list[str] = []

    def note(tx: Connection, clause: Any, *_: Any) -> None:
        compiled = clause.compile(tx, compile_kwargs={"literal_binds": True})
        found.append(str(compiled))

    event.listen(database.engine, "before_execute", note)
    try:
        with database.read() as tx:
            read(tx)
    finally:
        event.remove(database.engine, "before_execute", note)
    return found


# By filter, the index that serves it: of bookings, and of sessions.
SERVED = (
    (SessionFilter(), "bookings_by_starts", "sessions_by_starts"),
    (SessionFilter(coach_id="ada"), "bookings_by_coach_id", "sessions_coach_id_ends"),
    (SessionFilter(company="acme"), "bookings_by_company", "sessions_by_company"),
    (SessionFilter(project="p"), "bookings_by_project", "sessions_by_project"),
    (SessionFilter(cohort="c"), "bookings_by_cohort", "sessions_by_cohort"),
    (
        SessionFilter(programme_name="Lead"),
        "bookings_by_programme_name",
        "sessions_by_programme_name",
    ),
    (SessionFilter(status="missed"), "bookings_by_status", "sessions_by_status"),
    (SessionFilter(since=1, until=2), "bookings_by_starts", "sessions_by_starts"),
    (SessionFilter(changed_since=SINCE), "bookings_by_changed_at", "sessions_by_changed_ms"),
    (SessionFilter(participant_id="g"), "bookings_participant_id", "bookings_participant_id"),
    (SessionFilter(in_conflict=True), "sessions_in_conflict", "sessions_in_conflict"),
    (SessionFilter(short_of_seats=True), "sessions_short", "sessions_short"),
    (SessionFilter(moved=True), "sessions_moved", "sessions_moved"),
    (SessionFilter(held_mails=True), "outbox_state", "outbox_state"),
    (SessionFilter(held_mails=False), "outbox_state", "outbox_state"),
)


def test_each_filter_of_bookings_and_sessions_has_its_index(database: Database) -> None:
    for wanted, of_bookings, of_sessions in SERVED:
        for page, index in (
            (session_lists.bookings_page, of_bookings),
            (session_lists.sessions_page, of_sessions),
        ):
            read = partial(page, wanted=wanted, after=(1, "x"), limit=100, now=people.NOW)
            plan = plan_of(database, asked_of(database, read)[0])
            # Of two indexes that find as few, PostgreSQL takes the one that its statistics prefer:
            # of empty tables, any.
            if database.engine.dialect.name == "sqlite":
                assert f"ix_{index}" in plan, plan
            assert not WHOLE.search(plan), plan
