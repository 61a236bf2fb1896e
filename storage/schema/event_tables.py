"""The tables of the feed: every event that the platform is told of, in one order."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Table, Text, text

from storage.schema.columns import Instant, metadata, number

# Written in the transaction of the change. `seq` says in which order they were written, and a
# transaction that commits late brings an early one: readers go by `position`, which an event is
# given once it is committed (storage.rows.feed).
events = Table(
    "events",
    metadata,
    # SQLite counts by itself in a column that is INTEGER, and in no other.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("position", BigInteger, unique=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),  # what it is about (domain.events)
    Column("coach_id", Text, nullable=False),
    Column("company_id", Text),
    Column("at", Instant, nullable=False, index=True),
    Column("data", JSON, nullable=False),
    Index("ix_events_coach_id_position", "coach_id", "position"),
)
# Looked for every second, and nearly always empty.
_unnumbered = text("position IS NULL")
Index(
    "ix_events_unnumbered",
    events.c.seq,
    postgresql_where=_unnumbered,
    sqlite_where=_unnumbered,
)
_of_slots = text("topic = 'slots.changed'")
Index(
    "ix_events_of_slots",
    events.c.position,
    postgresql_where=_of_slots,
    sqlite_where=_of_slots,
)

# One row, which whoever numbers or drops events locks.
feed_ends = Table(
    "feed_ends",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    number("last_position"),
    number("dropped_through"),  # the latest position that was dropped for its age
)
