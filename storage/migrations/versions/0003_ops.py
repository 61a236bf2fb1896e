"""what self-healing and the ops pages need to know"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = (
    ("connections", sa.Column("troubled_since", sa.BigInteger(), nullable=True)),
    ("connections", sa.Column("told_trouble", sa.Text(), nullable=True)),
    ("connections", sa.Column("changed_at", sa.BigInteger(), nullable=True)),
    ("connections", sa.Column("doubted", sa.LargeBinary(), nullable=True)),
    ("connections", sa.Column("missed_pushes", sa.BigInteger(), server_default=sa.text("0"), nullable=False)),
    ("channels", sa.Column("audited_at", sa.BigInteger(), nullable=True)),
    ("slot_sets", sa.Column("told_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False)),
    ("sessions", sa.Column("wall", sa.Text(), nullable=True)),
    ("sessions", sa.Column("wall_moved", sa.Text(), nullable=True)),
)


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, column._copy())
    op.create_table(
        "ops_audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ops_audit")),
    )
    op.create_index(op.f("ix_ops_audit_at"), "ops_audit", ["at"], unique=False)
    op.create_table(
        "samples",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "at", name=op.f("pk_samples")),
    )
    op.create_table(
        "visible",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visible")),
    )
    op.create_index(op.f("ix_visible_at"), "visible", ["at"], unique=False)


def downgrade() -> None:
    for table in ("visible", "samples", "ops_audit"):
        op.drop_table(table)
    for table, column in reversed(ADDED):
        op.drop_column(table, column.name)
