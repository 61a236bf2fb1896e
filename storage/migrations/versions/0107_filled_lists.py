"""what lists are filtered by, of the rows that were there before

Revision ID: 0107
"""

from storage.migrations import gently

revision = "0107"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Each is written once more as it is: the triggers of 0030 fill the columns. Sessions first: a
    # booking reads its own.
    gently.change_rows("sessions", "context = context", "changed_ms = 0")
    gently.change_rows("bookings", "context = context", "coach_id IS NULL")
    gently.change_rows("coaches", "version = version", "changed_ms = 0")


def downgrade() -> None:
    """The columns go with 0030."""
