"""why a participant was booked for two sessions at one time

Revision ID: 0070
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("overlap_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("bookings", "overlap_reason")
