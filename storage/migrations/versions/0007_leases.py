"""every lease has a token, and why a row of the outbox was superseded"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDED = (
    ("connections", "token_lease_token", sa.Text, None),
    ("channels", "lease_token", sa.Text, None),
    ("channels", "lease_until_ms", sa.BigInteger, "0"),
    ("schedule", "lease_token", sa.Text, None),
    ("outbox", "reason", sa.Text, None),
)


def upgrade() -> None:
    for table, name, kind, default in ADDED:
        at_first = None if default is None else sa.text(default)
        op.add_column(table, sa.Column(name, kind(), server_default=at_first, nullable=default is None))


def downgrade() -> None:
    for table, name, _kind, _default in reversed(ADDED):
        op.drop_column(table, name)
