"""Tables of what ops do to many rows at once, and of what they know about already."""

from sqlalchemy import Column, Table, Text

from storage.schema.columns import Instant, metadata, number

# Causes that somebody of ops has seen and answers for (storage.rows.acknowledgements).
acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("cause_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
)

# One deed for all rows of a cause, worked off in batches (storage.transactions.bulk_deeds).
bulk_deeds = Table(
    "bulk_deeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("action", Text, nullable=False),  # requeue | discard | retry | release
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),  # without addresses
    Column("actor", Text, nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
    number("seen_ms"),  # the database's clock when its rows were counted
    number("total"),  # how many there were
    number("done"),
    number("passed_over"),  # those that somebody else was faster with
    Column("after_id", Text, nullable=False, server_default=""),  # how far it came
    Column("ended_at", Instant),
    Column("stopped_by", Text),
)

# What does not leave until somebody resumes it (storage.rows.pauses).
pauses = Table(
    "pauses",
    metadata,
    Column("what", Text, primary_key=True),  # a kind of the outbox's, or `company`: its mails
    Column("company", Text, primary_key=True),  # as in the context of bookings; else empty
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
)
