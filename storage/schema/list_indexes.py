"""What lists are read by: an index for each of their filters, in the order in which pages follow
one another. Whatever is asked for besides stands at an index's end, and is looked at there.
"""

from sqlalchemy import Column, Index, Table, text

from storage.schema.session_tables import CONTEXT, bookings, sessions

BOOKING_ENDS = ("status",)
SESSION_ENDS = ("kind", "status")
HELD = ("waiting_for_text", "withheld")
"""States of mails that people have to see to before they leave."""
IS_HELD = f"outbox.kind = 'mail' AND outbox.state IN {HELD}"
IS_SHORT = "sessions.kind = 'pod' AND sessions.active AND sessions.taken < sessions.min_seats"


def declare(coaches: Table, connections: Table) -> None:
    for name in (*CONTEXT, "coach_id"):
        _index(bookings, name, "starts", "id", *BOOKING_ENDS)
    for name in CONTEXT:
        _index(sessions, name, "starts", "id", *SESSION_ENDS)
    for table, ends in ((bookings, BOOKING_ENDS), (sessions, SESSION_ENDS)):
        _index(table, "starts", "id", *ends)
        _index(table, "status", "starts", "id")
    _index(bookings, "changed_at", "id", *BOOKING_ENDS, "coach_id", *CONTEXT)
    _index(sessions, "changed_ms", "id", *SESSION_ENDS, *CONTEXT)
    _index(coaches, "changed_ms", "id")
    _some(sessions, "pods", "kind = 'pod'", "starts", "id", "status")
    _some(sessions, "changed_pods", "kind = 'pod'", "changed_ms", "id", "status", *CONTEXT)
    _some(sessions, "in_conflict", "conflict_since IS NOT NULL", "starts", "id")
    _some(sessions, "short", IS_SHORT, "starts", "id", "deadline")
    _some(connections, "troubled", "trouble IS NOT NULL", "trouble", "coach_id")
    _index(connections, "last_ok_at", "coach_id")


def _index(table: Table, *names: str) -> None:
    Index(f"ix_{table.name}_by_{names[0]}", *_columns(table, names))


def _some(table: Table, name: str, condition: str, *names: str) -> None:
    """Of the few rows that are so."""
    where = text(condition)
    columns = _columns(table, names)
    Index(f"ix_{table.name}_{name}", *columns, postgresql_where=where, sqlite_where=where)


def _columns(table: Table, names: tuple[str, ...]) -> list[Column[object]]:
    return list(map(table.c.__getitem__, names))
