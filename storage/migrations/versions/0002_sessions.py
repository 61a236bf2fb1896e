"""sessions, bookings, the outbox, idempotency keys and mail texts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# [starts, ends + gap), half-open: two active sessions of a coach never come closer than the earlier one's buffer.
POSTGRESQL = """
ALTER TABLE sessions ADD CONSTRAINT no_overlap
EXCLUDE USING gist (coach_id WITH =, int8range(starts, ends + gap) WITH &&) WHERE (active)
"""
SQLITE = """
CREATE TRIGGER no_overlap_{event} BEFORE {event} ON sessions WHEN NEW.active
AND EXISTS (
    SELECT 1 FROM sessions s
    WHERE s.coach_id = NEW.coach_id AND s.active AND s.id <> NEW.id
    AND s.starts < NEW.ends + max(s.gap, NEW.gap) AND s.ends + max(s.gap, NEW.gap) > NEW.starts
)
BEGIN SELECT RAISE(ABORT, 'no_overlap'); END
"""


def upgrade() -> None:
    op.add_column("coaches", sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("coaches", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("coaches", sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False))
    op.add_column("slot_sets", sa.Column("holds_until", sa.BigInteger(), nullable=True))
    _sessions()
    _bookings()
    _outbox()
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "mail_texts",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", "kind", "language", name=op.f("pk_mail_texts")),
    )
    op.create_table(
        "withheld_addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_withheld_addresses")),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("coach_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ends", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gap", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("force_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("capacity", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("min_seats", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("flagged_at", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("conflict_since", sa.BigInteger(), nullable=True),
        sa.Column("event_calendar_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_sessions_begins_before_it_ends")),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name=op.f("ck_sessions_seats")),
        sa.ForeignKeyConstraint(["coach_id"], ["coaches.id"], name=op.f("fk_sessions_coach_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_coach_id_ends", "sessions", ["coach_id", "ends"], unique=False)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(POSTGRESQL)
    else:
        for event in ("INSERT", "UPDATE"):
            op.execute(SQLITE.format(event=event))


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.Column("participant", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_bookings_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("uid", name=op.f("uq_bookings_uid")),
    )
    op.create_index("ix_bookings_session_id", "bookings", ["session_id"], unique=False)
    op.create_index(op.f("ix_bookings_participant_id"), "bookings", ["participant_id"], unique=False)
    seated = sa.text("status = 'booked'")
    op.create_index(
        "uq_bookings_seat",
        "bookings",
        ["session_id", "participant_id"],
        unique=True,
        postgresql_where=seated,
        sqlite_where=seated,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("coach_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unsure", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wake_after_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_session_id"), "outbox", ["session_id"], unique=False)
    op.create_index(op.f("ix_outbox_booking_id"), "outbox", ["booking_id"], unique=False)
    owed = sa.text("state IN ('pending', 'sending')")
    op.create_index("ix_outbox_owed", "outbox", ["due_at"], unique=False, postgresql_where=owed, sqlite_where=owed)


def downgrade() -> None:
    for table in ("withheld_addresses", "mail_texts", "idempotency", "outbox", "bookings", "sessions"):
        op.drop_table(table)
    op.drop_column("slot_sets", "holds_until")
    for name in ("language", "email", "name"):
        op.drop_column("coaches", name)
