"""what ops paused

Revision ID: 0081
"""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("what", "company", name=op.f("pk_pauses")),
    )


def downgrade() -> None:
    op.drop_table("pauses")
