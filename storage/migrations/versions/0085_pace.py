"""how often a calendar changes, and an index of those that wait longest for a read

Revision ID: 0085
"""

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Each counts as lively until its next read.
    op.add_column(
        "connections", sa.Column("pace", sa.BigInteger(), nullable=False, server_default="0")
    )
    reconciled = sa.text("done_gen >= req_gen AND (trouble IS NULL OR trouble != 'revoked')")
    op.create_index(
        "ix_connections_reconciled",
        "connections",
        ["pace", "last_ok_at"],
        postgresql_where=reconciled,
        sqlite_where=reconciled,
    )


def downgrade() -> None:
    op.drop_index("ix_connections_reconciled", "connections")
    op.drop_column("connections", "pace")
