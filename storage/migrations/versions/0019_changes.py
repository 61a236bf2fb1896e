"""what changes of bookings cost; local times that moved, as told; how long pushes waited

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UNTOLD_WALL = sa.text("wall_moved IS DISTINCT FROM told_wall")
UNTOLD_WALL_SQLITE = sa.text("wall_moved IS NOT told_wall")
MOVED = sa.text("wall_moved IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "change_rules",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("late_hours", sa.Integer(), nullable=True),
        sa.Column("free_moves", sa.Integer(), nullable=True),
        sa.Column("most_rebookings", sa.Integer(), nullable=True),
        sa.Column("most_missed", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "scope_id", name=op.f("pk_change_rules")),
    )
    for name in ("moves", "late_moves"):
        op.add_column(
            "bookings",
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        )
    op.add_column("bookings", sa.Column("replaces", sa.Text(), nullable=True))
    op.add_column("connections", sa.Column("push_waits", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("told_wall", sa.Text(), nullable=True))
    # What moved before this release was in the log alone: it is told now, once.
    op.create_index(
        "ix_sessions_untold_wall",
        "sessions",
        ["id"],
        postgresql_where=UNTOLD_WALL,
        sqlite_where=UNTOLD_WALL_SQLITE,
    )
    op.create_index(
        "ix_sessions_moved", "sessions", ["starts"], postgresql_where=MOVED, sqlite_where=MOVED
    )


def downgrade() -> None:
    op.drop_index("ix_sessions_moved", "sessions")
    op.drop_index("ix_sessions_untold_wall", "sessions")
    op.drop_column("sessions", "told_wall")
    op.drop_column("connections", "push_waits")
    op.drop_column("bookings", "replaces")
    for name in ("late_moves", "moves"):
        op.drop_column("bookings", name)
    op.drop_table("change_rules")
