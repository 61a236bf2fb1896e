"""the index of an endpoint's rows that knows no states goes: 0113 made the better one

Revision ID: 0114
"""

from storage.migrations import gently

revision = "0114"
down_revision = "0113"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_outbox_endpoint_id", "outbox"


def upgrade() -> None:
    gently.drop_index(NAME, TABLE)


def downgrade() -> None:
    gently.add_index(NAME, TABLE, ("endpoint_id",), "endpoint_id IS NOT NULL")
