"""until when an erasure waits for those who are told that sessions are called off

Revision ID: 0066
"""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("erasures", sa.Column("farewell_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("erasures", "farewell_until")
