"""what happened to sessions and bookings

Revision ID: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("coach_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("excused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_session_id"), "history", ["session_id"], unique=False)
    op.create_index("ix_history_coach_id_number", "history", ["coach_id", "number"], unique=False)
    of_booking, of_request = sa.text("booking_id IS NOT NULL"), sa.text("request_id IS NOT NULL")
    op.create_index(
        "ix_history_booking_id",
        "history",
        ["booking_id"],
        unique=False,
        postgresql_where=of_booking,
        sqlite_where=of_booking,
    )
    of_hold = sa.text("what IN ('held', 'hold_used', 'hold_released', 'hold_expired')")
    op.create_index(
        "ix_history_at",
        "history",
        ["at"],
        unique=False,
        postgresql_where=of_hold,
        sqlite_where=of_hold,
    )
    op.create_index(
        "ix_history_request_id",
        "history",
        ["request_id"],
        unique=False,
        postgresql_where=of_request,
        sqlite_where=of_request,
    )


def downgrade() -> None:
    op.drop_table("history")
