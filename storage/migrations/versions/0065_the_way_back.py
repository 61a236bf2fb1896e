"""where whoever connects a calendar goes back to

Revision ID: 0065
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_states", sa.Column("return_url", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("oauth_states", "return_url")
