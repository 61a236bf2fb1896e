"""the links of places that a session left, and from which sequence on an answer counts

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("left_links", sa.JSON(), nullable=True))
    op.add_column("bookings", sa.Column("answers_from", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("bookings", "answers_from")
    op.drop_column("sessions", "left_links")
