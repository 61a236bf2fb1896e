"""how much access a calendar login gives, and what of a connection's beginning was told

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "profiles",
        sa.Column("mode", sa.Text(), server_default=sa.text("'read_write'"), nullable=False),
    )
    # What they give is said with the next read of each, which asks who they are.
    modes = "'google_free_busy', 'ms_graph_free_busy', 'cronofy'"
    op.execute(
        "UPDATE connections SET userinfo_due = true WHERE id IN"
        f" (SELECT connection_id FROM profiles WHERE provider IN ({modes}) OR service IN ({modes}))"
    )
    op.add_column(
        "connections",
        sa.Column("told_steps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    # Those that are there began before anybody was told of beginnings: that is no news today.
    op.execute("UPDATE connections SET told_steps = 2")
    op.create_index(
        "ix_connections_untold",
        "connections",
        ["id"],
        postgresql_where=sa.text("told_steps < 2"),
        sqlite_where=sa.text("told_steps < 2"),
    )


def downgrade() -> None:
    op.drop_index("ix_connections_untold", table_name="connections")
    op.drop_column("connections", "told_steps")
    op.drop_column("profiles", "mode")
