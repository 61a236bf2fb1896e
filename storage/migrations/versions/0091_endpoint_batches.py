"""what of a webhook endpoint's rows still follows a deed, in batches

Revision ID: 0091
"""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0099"
branch_labels = None
depends_on = None

NAMES = ("again_before", "deleted_at")


def upgrade() -> None:
    op.add_column(
        "webhook_endpoints",
        sa.Column("again_states", sa.Text(), nullable=False, server_default=""),
    )
    for name in NAMES:
        op.add_column("webhook_endpoints", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in (*NAMES, "again_states"):
        op.drop_column("webhook_endpoints", name)
