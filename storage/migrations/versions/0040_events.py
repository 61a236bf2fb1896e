"""the feed of events

Revision ID: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("coach_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
        sa.UniqueConstraint("position", name=op.f("uq_events_position")),
    )
    op.create_index(op.f("ix_events_subject"), "events", ["subject"])
    op.create_index(op.f("ix_events_at"), "events", ["at"])
    op.create_index("ix_events_coach_id_position", "events", ["coach_id", "position"])
    unnumbered = sa.text("position IS NULL")
    op.create_index(
        "ix_events_unnumbered",
        "events",
        ["seq"],
        postgresql_where=unnumbered,
        sqlite_where=unnumbered,
    )
    of_slots = sa.text("topic = 'slots.changed'")
    op.create_index(
        "ix_events_of_slots",
        "events",
        ["position"],
        postgresql_where=of_slots,
        sqlite_where=of_slots,
    )
    op.create_table(
        "feed_ends",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("dropped_through", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_ends")),
    )


def downgrade() -> None:
    op.drop_table("feed_ends")
    op.drop_table("events")
