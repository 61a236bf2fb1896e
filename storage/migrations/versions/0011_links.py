"""links whose meaning is kept here, and consents that wait to be confirmed

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MORE = (("outcome", sa.Text), ("account", sa.Text), ("sealed", sa.LargeBinary))
INDEXED = ("coach_id", "participant_id", "expires_at")


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leads", sa.Text(), nullable=False),
        sa.Column("coach_id", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=True),
        sa.Column("meaning", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
    )
    for name in INDEXED:
        op.create_index(op.f(f"ix_links_{name}"), "links", [name], unique=False)
    for name, kind in MORE:
        op.add_column("oauth_states", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    for name, _ in reversed(MORE):
        op.drop_column("oauth_states", name)
    op.drop_table("links")
