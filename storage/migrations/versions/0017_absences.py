"""when a coach is away, travels, or has a public holiday

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ADDED = ("away", "travel", "holidays")


def upgrade() -> None:
    for name in ADDED:
        op.add_column("coaches", sa.Column(name, sa.JSON(), nullable=True))


def downgrade() -> None:
    for name in reversed(ADDED):
        op.drop_column("coaches", name)
