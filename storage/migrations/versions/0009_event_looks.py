"""calendars into which a write may still land"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_looks",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("next_look_at", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("deletes", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_event_looks_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_event_looks_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "calendar_id", name=op.f("pk_event_looks")),
    )
    op.create_index(op.f("ix_event_looks_connection_id"), "event_looks", ["connection_id"], unique=False)


def downgrade() -> None:
    op.drop_table("event_looks")
