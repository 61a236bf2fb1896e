"""the participant's local time that a booking was made for, and what newer rules made of it

Revision ID: 0103
"""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0041"
branch_labels = None
depends_on = None

NAMES = ("wall", "wall_moved", "told_wall")


def upgrade() -> None:
    # What was booked before is noted by the next roll of its coach's day: it counts as unmoved.
    for name in NAMES:
        op.add_column("bookings", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("wall_starts", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("wall_starts", *reversed(NAMES)):
        op.drop_column("bookings", name)
