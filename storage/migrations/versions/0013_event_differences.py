"""what coaches do to our events in their own calendars

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_differences",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("told_token", sa.Text(), nullable=True),
        sa.Column("mailed_token", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_event_differences")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_event_differences_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_event_differences_connection_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_event_differences_connection_id"), "event_differences", ["connection_id"]
    )
    op.add_column("sessions", sa.Column("event_stood_ms", sa.BigInteger(), nullable=True))
    op.add_column("event_looks", sa.Column("may_bring", sa.JSON(), nullable=True))
    ask = sa.text("'ask'")
    op.add_column(
        "coaches", sa.Column("event_policy", sa.Text(), nullable=False, server_default=ask)
    )


def downgrade() -> None:
    op.drop_column("coaches", "event_policy")
    op.drop_column("event_looks", "may_bring")
    op.drop_column("sessions", "event_stood_ms")
    op.drop_table("event_differences")
