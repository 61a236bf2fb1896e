"""what is owed to an endpoint is found by its state, the oldest first

Revision ID: 0113
"""

from storage.migrations import gently

revision = "0113"
down_revision = "0091"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_outbox_of_endpoint", "outbox"


def upgrade() -> None:
    columns = ("endpoint_id", "state", "created_at", "id")
    gently.add_index(NAME, TABLE, columns, "endpoint_id IS NOT NULL")


def downgrade() -> None:
    gently.drop_index(NAME, TABLE)
