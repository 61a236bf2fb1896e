"""Changes of the small run: a row, a booking or an operation more, less, or otherwise."""

from dataclasses import replace
from typing import Any

from tests.chaos.evidence import Evidence, Operation
from tests.chaos.small_world import Values


def with_row(evidence: Evidence, table: str, row_id: str, **changes: Any) -> Evidence:
    """The same, but for one row."""
    rows = [{**row, **changes} if row["id"] == row_id else row for row in evidence.tables[table]]
    return replace(evidence, tables={**evidence.tables, table: rows})


def without_row(evidence: Evidence, table: str, row_id: str) -> Evidence:
    rows = [row for row in evidence.tables[table] if row["id"] != row_id]
    return replace(evidence, tables={**evidence.tables, table: rows})


def with_new_row(evidence: Evidence, table: str, row: Values) -> Evidence:
    return replace(evidence, tables={**evidence.tables, table: [*evidence.tables[table], row]})


def without_booking(evidence: Evidence, booking_id: str, session_id: str) -> Evidence:
    """The same without a trace of it in rows, calendars, mails and callbacks: only the answers tell
    of it.
    """
    tables = dict(evidence.tables)
    tables["bookings"] = [row for row in tables["bookings"] if row["id"] != booking_id]
    tables["sessions"] = [row for row in tables["sessions"] if row["id"] != session_id]
    mine = [row for row in tables["outbox"] if row["session_id"] == session_id]
    tables["outbox"] = [row for row in tables["outbox"] if row["session_id"] != session_id]
    digests = [f"<{row['message_id']}@".encode() for row in mine]
    sent = [each for each in evidence.letters if not any(key in each.content for key in digests)]
    calls = {row["id"] for row in mine}
    heard = [each for each in evidence.callbacks if each.id not in calls]
    stand = [each for each in evidence.events if each.event_id != f"coachcal-{session_id}"]
    kept = replace(evidence, tables=tables, letters=sent, callbacks=heard, events=stand)
    return replace(kept, listings={})


def with_operation(evidence: Evidence, number: int, **changes: Any) -> Evidence:
    """The same, but for one operation."""
    operations = list(evidence.operations)
    operations[number] = replace(operations[number], **changes)
    return replace(evidence, operations=operations)


def and_then(
    evidence: Evidence, kind: str, request: Values, status: int | None, answer: Any, **more: Any
) -> Evidence:
    """The same, and one operation more."""
    number = len(evidence.operations)
    plain = Operation(
        number, "tests", kind, "ada", f"key-{number}", request, 200.0 + number, 200.5 + number
    )
    done = replace(plain, status=status, answer=answer, **more)
    return replace(evidence, operations=[*evidence.operations, done])
