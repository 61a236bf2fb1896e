"""the indexes of tables that were there before: lists, endpoints, connections, clocks

Revision ID: 0108
"""

from storage.migrations import gently

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

CONTEXT = ("company", "project", "cohort", "programme_name")
IS_DONE = "done_gen >= req_gen AND (trouble IS NULL OR trouble != 'revoked')"
IS_SHORT = "kind = 'pod' AND active AND taken < min_seats"
UNTOLD = "wall_moved IS DISTINCT FROM told_wall"
UNTOLD_SQLITE = "wall_moved IS NOT told_wall"
INDEXES = (
    *(("bookings", f"by_{name}", (name, "starts", "id", "status"), None) for name in CONTEXT),
    ("bookings", "by_coach_id", ("coach_id", "starts", "id", "status"), None),
    *(
        ("sessions", f"by_{name}", (name, "starts", "id", "kind", "status"), None)
        for name in CONTEXT
    ),
    ("bookings", "by_starts", ("starts", "id", "status"), None),
    ("bookings", "by_status", ("status", "starts", "id"), None),
    ("sessions", "by_starts", ("starts", "id", "kind", "status"), None),
    ("sessions", "by_status", ("status", "starts", "id"), None),
    ("bookings", "by_changed_at", ("changed_at", "id", "status", "coach_id", *CONTEXT), None),
    ("sessions", "by_changed_ms", ("changed_ms", "id", "kind", "status", *CONTEXT), None),
    ("coaches", "by_changed_ms", ("changed_ms", "id"), None),
    ("sessions", "pods", ("starts", "id", "status"), "kind = 'pod'"),
    ("sessions", "in_conflict", ("starts", "id"), "conflict_since IS NOT NULL"),
    ("sessions", "short", ("starts", "id"), IS_SHORT),
    ("connections", "troubled", ("trouble", "coach_id"), "trouble IS NOT NULL"),
    ("connections", "by_last_ok_at", ("last_ok_at", "coach_id"), None),
    ("connections", "reconciled", ("pace", "last_ok_at"), IS_DONE),
    ("outbox", "event_id", ("event_id",), "event_id IS NOT NULL"),
    ("bookings", "moved", ("session_id",), "wall_moved IS NOT NULL"),
    ("outbox", "endpoint_id", ("endpoint_id",), "endpoint_id IS NOT NULL"),
)


def upgrade() -> None:
    for table, name, columns, where in INDEXES:
        gently.add_index(f"ix_{table}_{name}", table, columns, where)
    gently.add_index(
        "ix_bookings_untold_wall", "bookings", ("id",), UNTOLD, sqlite_where=UNTOLD_SQLITE
    )


def downgrade() -> None:
    gently.drop_index("ix_bookings_untold_wall", "bookings")
    for table, name, _, _ in INDEXES:
        gently.drop_index(f"ix_{table}_{name}", table)
