"""pods that are short of seats are found by their deadlines, in the order in which they begin

Revision ID: 0099
"""

from storage.migrations import gently

revision = "0099"
down_revision = "0090"
branch_labels = None
depends_on = None

SHORT = "kind = 'pod' AND active AND taken < min_seats"


def upgrade() -> None:
    _again("starts", "id", "deadline")


def downgrade() -> None:
    _again("starts", "id")


def _again(*columns: str) -> None:
    gently.add_index("ix_sessions_short", "sessions", columns, SHORT, anew=True)
