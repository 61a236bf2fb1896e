"""which links to pages were used"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_uses",
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_link_uses")),
    )
    op.create_index(op.f("ix_link_uses_at"), "link_uses", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("link_uses")
