"""which calendar receives sessions, and where their events were before"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("receives", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("event_strays", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "event_strays")
    op.drop_column("connections", "receives")
