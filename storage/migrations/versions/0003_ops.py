"""what self-healing and the ops pages need to know"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = (
    ("connections", "troubled_since", sa.BigInteger, None),
    ("connections", "told_trouble", sa.Text, None),
    ("connections", "pushed_since_ms", sa.BigInteger, None),
    ("connections", "changed_at", sa.BigInteger, None),
    ("connections", "doubted", sa.LargeBinary, None),
    ("connections", "missed_pushes", sa.BigInteger, "0"),
    ("channels", "audited_at", sa.BigInteger, None),
    ("slot_sets", "told_version", sa.BigInteger, "0"),
    ("sessions", "wall", sa.Text, None),
    ("sessions", "wall_moved", sa.Text, None),
    ("sessions", "told_conflict", sa.BigInteger, None),
)


def upgrade() -> None:
    for table, name, kind, default in ADDED:
        at_first = None if default is None else sa.text(default)
        op.add_column(table, sa.Column(name, kind(), server_default=at_first, nullable=default is None))
    untold = sa.text("conflict_since IS DISTINCT FROM told_conflict")
    if op.get_bind().dialect.name == "sqlite":  # its older releases know no other word for it
        untold = sa.text("conflict_since IS NOT told_conflict")
    op.create_index("ix_sessions_untold", "sessions", ["id"], postgresql_where=untold, sqlite_where=untold)
    dead = sa.text("state = 'dead'")
    op.create_index("ix_outbox_dead", "outbox", ["created_at"], postgresql_where=dead, sqlite_where=dead)
    op.create_index("ix_outbox_state", "outbox", ["state", "kind", "due_at"])
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
    op.drop_index("ix_outbox_state", "outbox")
    op.drop_index("ix_outbox_dead", "outbox")
    op.drop_index("ix_sessions_untold", "sessions")
    for table, name, _kind, _default in reversed(ADDED):
        op.drop_column(table, name)
