"""what lists are filtered by, in columns that triggers keep; what is there, 0107 fills in

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
    _create(SEATS, SEATS_SQLITE)


def _create(postgresql: tuple[str, ...], sqlite: dict[str, tuple[str, str]]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in postgresql:
            op.execute(statement)
        return
    for name, (when, what) in sqlite.items():
        op.execute(f"CREATE TRIGGER {name} {when} BEGIN {what}; END")


def downgrade() -> None:
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
