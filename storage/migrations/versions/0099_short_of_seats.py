"""pods that are short of seats are found by their deadlines, in the order in which they begin

Revision ID: 0099
"""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0090"
branch_labels = None
depends_on = None

SHORT = sa.text("sessions.kind = 'pod' AND sessions.active AND sessions.taken < sessions.min_seats")


def upgrade() -> None:
    _again("starts", "id", "deadline")


def downgrade() -> None:
    _again("starts", "id")


def _again(*columns: str) -> None:
    op.drop_index("ix_sessions_short", "sessions")
    op.create_index(
        "ix_sessions_short", "sessions", list(columns), postgresql_where=SHORT, sqlite_where=SHORT
    )
