"""pods by when they changed: among all sessions there is one of them for every twenty others

Revision ID: 0115
"""

from storage.migrations import gently

revision = "0115"
down_revision = "0114"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_sessions_changed_pods", "sessions"
COLUMNS = ("changed_ms", "id", "status", "company", "project", "cohort", "programme_name")


def upgrade() -> None:
    gently.add_index(NAME, TABLE, COLUMNS, "kind = 'pod'")


def downgrade() -> None:
    gently.drop_index(NAME, TABLE)
