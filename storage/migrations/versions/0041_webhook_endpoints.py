"""webhook endpoints, and how posting to them went

Revision ID: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=True),
        sa.Column("coach_ids", sa.JSON(), nullable=True),
        sa.Column("company_ids", sa.JSON(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'on'"), nullable=False),
        sa.Column("fed_through", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("replay_through", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("off_since", sa.BigInteger(), nullable=True),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.Column("old_until", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(op.f("ix_webhook_attempts_at"), "webhook_attempts", ["at"])
    op.create_index(
        "ix_webhook_attempts_endpoint_id_seq", "webhook_attempts", ["endpoint_id", "seq"]
    )
    op.add_column("outbox", sa.Column("endpoint_id", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("event_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "event_id")
    op.drop_column("outbox", "endpoint_id")
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_endpoints")
