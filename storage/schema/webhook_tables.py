"""The tables of webhook endpoints: where the platform is told of events, and how that went."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from storage.schema.columns import Instant, metadata, number

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", JSON(none_as_null=True)),
    Column("coach_ids", JSON(none_as_null=True)),
    Column("company_ids", JSON(none_as_null=True)),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'on'")),
    number("fed_through"),
    number("replay_through"),
    Column("failing_since", Instant),
    Column("taken_at", Instant),  # when something was last taken, to the minute
    Column("off_since", Instant),
    Column("mailed_at", Instant),  # when ops were mailed that it is off
    Column("old_until", Instant),
    Column("again_states", Text, nullable=False, server_default=text("''")),
    Column("again_before", Instant),
    Column("deleted_at", Instant),  # it is nobody's any more; its rows go in batches
    Column("sealed", LargeBinary),
    Column("created_at", Instant, nullable=False),
)

# One exchange each: how it ended and how long it took, and never what was said.
webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    # SQLite counts by itself in a column that is INTEGER, and in no other.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("endpoint_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("status", Integer),  # null: nobody answered in time
    Column("duration_ms", Integer, nullable=False),
    Index("ix_webhook_attempts_endpoint_id_seq", "endpoint_id", "seq"),
)
