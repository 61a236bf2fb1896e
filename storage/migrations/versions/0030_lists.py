"""what lists are filtered by, in columns that triggers keep, and the indexes that they are read by

Revision ID: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0080"
branch_labels = None
depends_on = None

CONTEXT = ("company", "project", "cohort", "programme_name")
# What is told of a session. A trigger, since ten places write one, and so does the release before.
TOLD = (
    "coach_id, kind, starts, ends, active, status, force_reason, version, capacity, taken,"
    " min_seats, format, group_id, deadline, title, context, wall, wall_moved, conflict_since,"
    " place, join_url"
)
CLOCK = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
CLOCK_SQLITE = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
POSTGRESQL = (
    f"""
CREATE FUNCTION list_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.company := NEW.context ->> 'company';
    NEW.project := NEW.context ->> 'project';
    NEW.cohort := NEW.context ->> 'cohort';
    NEW.programme_name := NEW.context ->> 'programme_name';
    NEW.changed_ms := {CLOCK};
    RETURN NEW;
END $$
""",
    f"""
CREATE TRIGGER list_session BEFORE INSERT OR UPDATE OF {TOLD} ON sessions
FOR EACH ROW EXECUTE FUNCTION list_session()
""",
    """
CREATE FUNCTION list_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT s.coach_id, s.starts,
        coalesce(NEW.context ->> 'company', s.company),
        coalesce(NEW.context ->> 'project', s.project),
        coalesce(NEW.context ->> 'cohort', s.cohort),
        coalesce(NEW.context ->> 'programme_name', s.programme_name)
    INTO NEW.coach_id, NEW.starts, NEW.company, NEW.project, NEW.cohort, NEW.programme_name
    FROM sessions s WHERE s.id = NEW.session_id;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER list_booking BEFORE INSERT OR UPDATE OF session_id, context ON bookings
FOR EACH ROW EXECUTE FUNCTION list_booking()
""",
    f"""
CREATE FUNCTION list_coach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_ms := {CLOCK};
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER list_coach BEFORE INSERT OR UPDATE OF version ON coaches
FOR EACH ROW EXECUTE FUNCTION list_coach()
""",
)
SEATS = (
    # The row trigger of bookings does the work: it reads the session anew.
    """
CREATE FUNCTION list_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bookings SET session_id = session_id WHERE session_id = NEW.id;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER list_seats AFTER UPDATE OF coach_id, starts, context ON sessions FOR EACH ROW
WHEN ((OLD.coach_id, OLD.starts, OLD.company, OLD.project, OLD.cohort, OLD.programme_name)
    IS DISTINCT FROM
    (NEW.coach_id, NEW.starts, NEW.company, NEW.project, NEW.cohort, NEW.programme_name))
EXECUTE FUNCTION list_seats()
""",
)
OF_SESSION = ", ".join(f"{name} = json_extract(NEW.context, '$.{name}')" for name in CONTEXT)
OF_SEAT = ", ".join(
    f"coalesce(json_extract(bookings.context, '$.{name}'), json_extract(s.context, '$.{name}'))"
    for name in CONTEXT
)
SEAT = f"""
UPDATE bookings SET (coach_id, starts, {", ".join(CONTEXT)}) = (
    SELECT s.coach_id, s.starts, {OF_SEAT} FROM sessions s WHERE s.id = bookings.session_id
)
"""
SESSION = f"UPDATE sessions SET {OF_SESSION}, changed_ms = {CLOCK_SQLITE} WHERE id = NEW.id"
COACH = f"UPDATE coaches SET changed_ms = {CLOCK_SQLITE} WHERE id = NEW.id"
# Trigger, when, what it does. SQLite's cannot change the row that is being written.
SQLITE = {
    "list_new_session": ("AFTER INSERT ON sessions", SESSION),
    "list_session": (f"AFTER UPDATE OF {TOLD} ON sessions", SESSION),
    "list_new_booking": ("AFTER INSERT ON bookings", f"{SEAT} WHERE id = NEW.id"),
    "list_booking": (
        "AFTER UPDATE OF session_id, context ON bookings",
        f"{SEAT} WHERE id = NEW.id",
    ),
    "list_new_coach": ("AFTER INSERT ON coaches", COACH),
    "list_coach": ("AFTER UPDATE OF version ON coaches", COACH),
}
SEATS_SQLITE = {
    "list_seats": (
        "AFTER UPDATE OF coach_id, starts, context ON sessions",
        f"{SEAT} WHERE session_id = NEW.id",
    )
}
IS_SHORT = "kind = 'pod' AND active AND taken < min_seats"
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
)


def upgrade() -> None:
    for table in ("sessions", "bookings"):
        for name in CONTEXT:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("coach_id", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("starts", sa.BigInteger(), nullable=True))
    for table in ("sessions", "coaches"):
        added = sa.Column("changed_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        op.add_column(table, added)
    _create(POSTGRESQL, SQLITE)
    # What is there is written once more as it is: the triggers fill the columns.
    op.execute("UPDATE sessions SET context = context")
    op.execute("UPDATE bookings SET context = context")
    op.execute("UPDATE coaches SET version = version")
    # After it: each session would write its bookings a second time.
    _create(SEATS, SEATS_SQLITE)
    for table, name, columns, condition in INDEXES:
        where = None
        if condition is not None:
            where = sa.text(condition)
        op.create_index(
            f"ix_{table}_{name}", table, list(columns), postgresql_where=where, sqlite_where=where
        )


def _create(postgresql: tuple[str, ...], sqlite: dict[str, tuple[str, str]]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in postgresql:
            op.execute(statement)
        return
    for name, (when, what) in sqlite.items():
        op.execute(f"CREATE TRIGGER {name} {when} BEGIN {what}; END")


def downgrade() -> None:
    for table, name, _, _ in INDEXES:
        op.drop_index(f"ix_{table}_{name}", table)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("session", "booking", "seats", "coach"):
            op.execute(f"DROP FUNCTION list_{name} CASCADE")
    else:
        for name in (*SQLITE, *SEATS_SQLITE):
            op.execute(f"DROP TRIGGER {name}")
    for table in ("sessions", "coaches"):
        op.drop_column(table, "changed_ms")
    for name in ("starts", "coach_id"):
        op.drop_column("bookings", name)
    for table in ("sessions", "bookings"):
        for name in CONTEXT:
            op.drop_column(table, name)
