"""since when a link is waited for, what the platform was told of it, and accounts at Zoom and others

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OF_SESSIONS = (("conferencing_since", sa.BigInteger), ("told_conferencing", sa.Text))
OF_CONNECTIONS = (("conferencing", sa.JSON), ("conferencing_lost_since", sa.BigInteger))
WAITED_FOR = sa.text("conferencing_state IN ('asked', 'failing')")
UNTOLD = sa.text("(coalesce(conferencing_state, '') = 'failed') <> (told_conferencing IS NOT NULL)")
INDEXES = (
    ("ix_sessions_conferencing_since", "conferencing_since", WAITED_FOR),
    ("ix_sessions_untold_conferencing", "id", UNTOLD),
)


def upgrade() -> None:
    for name, kind in OF_SESSIONS:
        op.add_column("sessions", sa.Column(name, kind(), nullable=True))
    for name, kind in OF_CONNECTIONS:
        op.add_column("connections", sa.Column(name, kind(), nullable=True))
    for name, column, where in INDEXES:
        op.create_index(
            name, "sessions", [column], unique=False, postgresql_where=where, sqlite_where=where
        )


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, table_name="sessions")
    for name, _ in reversed(OF_CONNECTIONS):
        op.drop_column("connections", name)
    for name, _ in reversed(OF_SESSIONS):
        op.drop_column("sessions", name)
