"""The table of what is owed to the world."""

from sqlalchemy import JSON, BigInteger, Column, Index, Table, Text, text

from storage.schema.columns import Instant, metadata, number

# What is owed to the world, a row each, written in the transaction of the change that owes it.
# The row is the job.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # mail | calendar | callback
    # Of a mail: its kind; of a calendar row: upsert | delete | look; of a callback: its event,
    # after domain.events.TO_ENDPOINT where it goes to an endpoint of its own.
    Column("topic", Text, nullable=False),
    # The same change owes the same row: who repeats a transaction writes it once.
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("message_id", Text, unique=True),  # the left side of a mail's
    Column("coach_id", Text),
    Column("session_id", Text, index=True),
    Column("booking_id", Text, index=True),  # of a callback: what it is about (domain.events)
    number("version", 1),
    Column("recipient", Text),
    Column("payload", JSON, nullable=False),
    # storage.rows.outbox draws them.
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    number("attempts"),
    number("unsure"),  # attempts whose end nobody saw: it may have been sent
    Column("due_at", Instant, nullable=False),
    number("next_attempt_at_ms"),
    number("wake_after_ms"),
    Column("lease_token", Text),
    number("lease_until_ms"),
    Column("last_error", Text),
    # Since when each attempt ends with this error: the database's clock.
    Column("failing_since_ms", BigInteger),
    # Why it was superseded: see outbox_claims.Reason.
    Column("reason", Text),
    # At the latest attempt: of where it goes to, away; of the mailer, refused; of the coach's
    # calendar, unlinked.
    Column("trouble", Text),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    # Of a callback: where it goes; null: to the address of the settings. And its event in the feed.
    Column("endpoint_id", Text),
    Column("event_id", Text),
)
_of_events = text("event_id IS NOT NULL")
Index(
    "ix_outbox_event_id",
    outbox.c.event_id,
    postgresql_where=_of_events,
    sqlite_where=_of_events,
)
_of_endpoints = text("endpoint_id IS NOT NULL")
# By state: of one that is off a million may be dead, and each second it is asked what is pending.
Index(
    "ix_outbox_of_endpoint",
    outbox.c.endpoint_id,
    outbox.c.state,
    outbox.c.created_at,
    outbox.c.id,
    postgresql_where=_of_endpoints,
    sqlite_where=_of_endpoints,
)
_owed = text("state IN ('pending', 'sending', 'waiting_for_text')")
Index("ix_outbox_owed", outbox.c.due_at, postgresql_where=_owed, sqlite_where=_owed)
# What ops count and list, every 2 s.
Index("ix_outbox_state", outbox.c.state, outbox.c.kind, outbox.c.due_at)
# None while all is well, and asked for with every mail that is taken.
_in_trouble = text("trouble IS NOT NULL")
Index(
    "ix_outbox_trouble",
    outbox.c.next_attempt_at_ms,
    postgresql_where=_in_trouble,
    sqlite_where=_in_trouble,
)
# Few among the many that were sent, and asked for at each scrape and on each page of ops.
_dead = text("state = 'dead'")
Index("ix_outbox_dead", outbox.c.created_at, postgresql_where=_dead, sqlite_where=_dead)
