"""mails wait in states of their own, and withheld addresses can be told apart without the address"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OWED = "state IN ('pending', 'sending', 'waiting_for_text')"
OWED_BEFORE = "state IN ('pending', 'sending')"

# The release before this one leaves rows in the new states alone; it may still write rows as it knows
# them: a mail that waits for its text becomes one that says so at its next attempt.
UP = (
    """UPDATE outbox SET state = 'waiting_for_text', last_error = substr(last_error, 7)
       WHERE state = 'pending' AND last_error LIKE 'held: %'""",
    """UPDATE outbox SET state = 'withheld'
       WHERE state = 'dead' AND kind = 'mail'
       AND (last_error LIKE 'withheld: %' OR last_error LIKE 'refused for good, because of the address%')
       AND recipient IN (SELECT address FROM withheld_addresses)""",
)
DOWN = (
    """UPDATE outbox SET state = 'pending', last_error = 'held: ' || coalesce(last_error, '')
       WHERE state = 'waiting_for_text'""",
    """UPDATE outbox SET state = 'dead', last_error = 'withheld: ' || coalesce(last_error, '')
       WHERE state = 'withheld'""",
)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("trouble", sa.Text(), nullable=True))
    _index("ix_outbox_trouble", "next_attempt_at_ms", "trouble IS NOT NULL")
    for name in ("id", "reply", "outbox_id"):
        op.add_column("withheld_addresses", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("uq_withheld_addresses_id", "withheld_addresses", ["id"], unique=True)
    op.drop_index("ix_outbox_owed", "outbox")
    _index("ix_outbox_owed", "due_at", OWED)
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
    op.drop_index("ix_outbox_owed", "outbox")
    _index("ix_outbox_owed", "due_at", OWED_BEFORE)
    op.drop_index("uq_withheld_addresses_id", "withheld_addresses")
    for name in ("outbox_id", "reply", "id"):
        op.drop_column("withheld_addresses", name)
    op.drop_index("ix_outbox_trouble", "outbox")
    op.drop_column("outbox", "trouble")


def _index(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "outbox", [column], postgresql_where=condition, sqlite_where=condition)
