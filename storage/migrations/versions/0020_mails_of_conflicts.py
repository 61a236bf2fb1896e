"""of which conflict a session's coach was mailed

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("mailed_conflict", sa.BigInteger(), nullable=True))
    # Nobody was mailed of the conflicts that there are: of those to come their coaches are, now.
    unmailed = sa.text("conflict_since IS DISTINCT FROM mailed_conflict")
    if op.get_bind().dialect.name == "sqlite":  # its older releases know no other word for it
        unmailed = sa.text("conflict_since IS NOT mailed_conflict")
    op.create_index(
        "ix_sessions_unmailed",
        "sessions",
        ["id"],
        postgresql_where=unmailed,
        sqlite_where=unmailed,
    )


def downgrade() -> None:
    op.drop_index("ix_sessions_unmailed", "sessions")
    op.drop_column("sessions", "mailed_conflict")
