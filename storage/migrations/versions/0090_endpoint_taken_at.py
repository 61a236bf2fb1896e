"""when a webhook endpoint last took something

Revision ID: 0090
"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0108"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("taken_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_endpoints", "taken_at")
