"""how often a calendar changes

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


def downgrade() -> None:
    op.drop_column("connections", "pace")
