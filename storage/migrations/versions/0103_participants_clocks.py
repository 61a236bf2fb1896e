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
UNTOLD = sa.text("wall_moved IS DISTINCT FROM told_wall")
UNTOLD_SQLITE = sa.text("wall_moved IS NOT told_wall")
MOVED = sa.text("wall_moved IS NOT NULL")


def upgrade() -> None:
    # What was booked before is noted by the next roll of its coach's day: it counts as unmoved.
    for name in NAMES:
        op.add_column("bookings", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("wall_starts", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_bookings_untold_wall",
        "bookings",
        ["id"],
        postgresql_where=UNTOLD,
        sqlite_where=UNTOLD_SQLITE,
    )
    op.create_index(
        "ix_bookings_moved", "bookings", ["session_id"], postgresql_where=MOVED, sqlite_where=MOVED
    )


def downgrade() -> None:
    op.drop_index("ix_bookings_moved", "bookings")
    op.drop_index("ix_bookings_untold_wall", "bookings")
    for name in ("wall_starts", *reversed(NAMES)):
        op.drop_column("bookings", name)
