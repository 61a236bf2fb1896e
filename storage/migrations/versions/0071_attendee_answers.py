"""what participants answered as attendees of the event in the coach's calendar

Revision ID: 0071
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("attendee_answer", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("bookings", "attendee_answer")
