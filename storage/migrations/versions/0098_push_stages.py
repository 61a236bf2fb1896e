"""where the time goes between a push and its slots

Revision ID: 0098
"""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0103"
branch_labels = None
depends_on = None

STAGES = ("gap_ms", "queue_ms", "budget_ms", "cronofy_ms", "fault_ms")


def upgrade() -> None:
    op.add_column(
        "connections", sa.Column("due_at_ms", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("connections", sa.Column("failure", sa.Text(), nullable=True))
    for name in STAGES:
        op.add_column("visible", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in STAGES:
        op.drop_column("visible", name)
    op.drop_column("connections", "failure")
    op.drop_column("connections", "due_at_ms")
