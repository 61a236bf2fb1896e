"""where a session is, who chooses that, and the link that Cronofy assigns

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OF_SESSIONS = (
    ("place", sa.JSON),
    ("join_url", sa.Text),
    ("conferencing_state", sa.Text),
    ("conferencing_address_hash", sa.LargeBinary),
)
OF_COACHES = (("place", sa.JSON), ("place_kinds", sa.JSON))


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "scope_id", name=op.f("pk_places")),
    )
    for name, kind in OF_SESSIONS:
        op.add_column("sessions", sa.Column(name, kind(), nullable=True))
    op.create_index(
        op.f("ix_sessions_conferencing_address_hash"),
        "sessions",
        ["conferencing_address_hash"],
        unique=False,
    )
    for name, kind in OF_COACHES:
        op.add_column("coaches", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    for name, _ in reversed(OF_COACHES):
        op.drop_column("coaches", name)
    op.drop_index(op.f("ix_sessions_conferencing_address_hash"), table_name="sessions")
    for name, _ in reversed(OF_SESSIONS):
        op.drop_column("sessions", name)
    op.drop_table("places")
