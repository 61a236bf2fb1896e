"""groups of pods, and pods without a time

A hybrid_v2 pod bound those who chose it to itself, among all pods of its title and programme: each of them becomes a
group of its own under that title, so it binds them as before, and pods can be added to it.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GROUPS = """
INSERT INTO pod_groups (id, title, context, created_at)
SELECT 'grp_' || id, title, context, created_at FROM sessions WHERE format = 'hybrid_v2'
"""
NAMED = "UPDATE sessions SET group_id = 'grp_' || id WHERE format = 'hybrid_v2'"


def upgrade() -> None:
    op.create_table(
        "pod_groups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pod_groups")),
    )
    op.add_column("sessions", sa.Column("group_id", sa.Text(), nullable=True))
    grouped = sa.text("group_id IS NOT NULL")
    op.create_index(
        "ix_sessions_group_id",
        "sessions",
        ["group_id"],
        unique=False,
        postgresql_where=grouped,
        sqlite_where=grouped,
    )
    op.execute(GROUPS)
    op.execute(NAMED)
    _shells()


def _shells() -> None:
    op.create_table(
        "pod_shells",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("coach_id", sa.Text(), nullable=True),
        sa.Column("duration", sa.BigInteger(), nullable=True),
        sa.Column("min_seats", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("capacity", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("place", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["coach_id"], ["coaches.id"], name=op.f("fk_pod_shells_coach_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pod_shells")),
    )
    op.create_index(op.f("ix_pod_shells_coach_id"), "pod_shells", ["coach_id"], unique=False)
    op.create_table(
        "pod_shell_people",
        sa.Column("shell_id", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.Column("participant", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shell_id"], ["pod_shells.id"], name=op.f("fk_pod_shell_people_shell_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shell_id", "participant_id", name=op.f("pk_pod_shell_people")),
    )
    op.create_index(op.f("ix_pod_shell_people_participant_id"), "pod_shell_people", ["participant_id"], unique=False)


def downgrade() -> None:
    op.drop_table("pod_shell_people")
    op.drop_table("pod_shells")
    op.drop_index("ix_sessions_group_id", "sessions")
    op.drop_column("sessions", "group_id")
    op.drop_table("pod_groups")
