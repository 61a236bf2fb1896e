"""Every table, on one page.

Two kinds of time. What the product speaks about (when a calendar was read) is `Instant`: an aware UTC datetime, from
`services.now`. What only keeps processes apart (leases, wake-ups) is a bare `*_ms` number from the database's clock.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    column,
    text,
)

from storage.columns import Instant, flag, metadata, number, of_coach, of_connection

__all__ = ["metadata"]

coaches = Table(
    "coaches",
    metadata,
    Column("id", Text, primary_key=True),  # Coach OS's own id
    Column("zone", Text, nullable=False),
    Column("weekly", JSON, nullable=False),
    Column("overrides", JSON, nullable=False),
    Column("pre", Integer, nullable=False),
    Column("post", Integer, nullable=False),
    Column("notice", Integer, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("durations", JSON, nullable=False),
    Column("mode", Text, nullable=False),
    Column("per_day", Integer),
    Column("per_week", Integer),
    flag("tentative_blocks", default=True),
    Column("policy", Text, nullable=False),
    Column("last_known_hours", Integer, nullable=False),
    # Whom the coach's mails are for; without an address there are none.
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("email", Text),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    number("version", 1),
)

# One Cronofy account of a coach. The row is also the refresh job: dirty while done_gen < req_gen (reliability.md).
connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    of_coach(index=True),
    Column("sub", Text, nullable=False, unique=True),
    Column("data_center", Text, nullable=False),
    Column("tokens", LargeBinary, nullable=False),
    Column("access_expires_at", Instant, nullable=False),
    number("token_lease_until_ms"),
    Column("trouble", Text),  # initial_sync | disconnected: what userinfo last said
    flag("userinfo_due", default=True),
    flag("erase_due"),
    number("req_gen", 1),
    number("done_gen"),
    Column("lease_token", Text),
    number("lease_until_ms"),
    number("next_attempt_at_ms"),
    number("wake_after_ms"),
    number("attempts"),
    Column("dirty_since_ms", BigInteger),
    Column("last_ok_at", Instant),
    Column("last_error", Text),
)
# What the sweeper looks for, and nothing else: it runs twice a second.
_dirty = column("done_gen") < column("req_gen")
Index("ix_connections_dirty", connections.c.wake_after_ms, postgresql_where=_dirty, sqlite_where=_dirty)

profiles = Table(
    "profiles",
    metadata,
    of_connection(primary_key=True),
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("name", Text, nullable=False),
    flag("connected", default=True),
    flag("initial_sync"),
    Column("relink_url", Text),
)

calendars = Table(
    "calendars",
    metadata,
    of_connection(primary_key=True),
    Column("id", Text, primary_key=True),
    Column("profile_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    flag("readonly"),
    flag("deleted"),
    flag("is_primary"),
    flag("blocks", default=True),  # the coach's own choice: it survives every refresh
)

# Written before Cronofy is asked (channel_id empty until it answered), so that a retry asks for the same URL
# and gets the same channel.
channels = Table(
    "channels",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    of_connection(unique=True),
    Column("token", LargeBinary, nullable=False),
    Column("channel_id", Text),
)

oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    of_coach(),
    Column("expires_at", Instant, nullable=False),
)

# One packed row a connection: never a row a period (performance.md measured 10 to 60 times for it).
busy = Table(
    "busy",
    metadata,
    of_connection(primary_key=True),
    Column("reading", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    number("window_end"),  # epoch seconds: nothing is known from here on
)

# One packed row a coach: the row that answers the reads.
slot_sets = Table(
    "slot_sets",
    metadata,
    of_coach(primary_key=True),
    number("version", 1),
    number("coach_version", 1),
    number("origin"),  # epoch seconds, a UTC midnight
    Column("days", Integer, nullable=False),
    Column("durations", JSON, nullable=False),
    Column("bits", LargeBinary, nullable=False),
    Column("reasons", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("tzdata", Text, nullable=False),
    Column("holds_until", Instant),  # when the next hold ends, and the set opens again by the clock alone
)

# A time of a coach's: a 1:1 session, a pod, or a hold. While `active` it occupies the coach, and the database itself
# refuses another: on PostgreSQL by the constraint `no_overlap` over [starts, ends + gap), on SQLite by a trigger.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    of_coach(),
    Column("kind", Text, nullable=False),  # one_to_one | pod | hold
    number("starts"),  # epoch seconds, as is `ends`
    number("ends"),
    number("gap"),  # seconds: the larger of the coach's buffers when it was made
    flag("active", default=True),
    Column("status", Text, nullable=False),  # unbooked | booked | completed | missed | disabled
    Column("force_reason", Text),  # why it was booked over busy time or outside hours; without, it was not
    number("version", 1),
    number("capacity", 1),
    number("taken"),
    number("min_seats"),
    Column("format", Text),  # of pods: open | closed | hybrid | hybrid_v2
    Column("deadline", Instant),  # of pods: by when min_seats have to be taken
    Column("flagged_at", Instant),  # when ops were told that they were not
    Column("title", Text),
    Column("context", JSON, nullable=False),
    Column("owner", Text),  # of holds
    Column("expires_at", Instant),  # of holds
    Column("conflict_since", Instant),  # an external event lies over it since then
    Column("event_calendar_id", Text),  # where it was written in the coach's calendar
    Column("created_at", Instant, nullable=False),
    CheckConstraint("starts < ends", "begins_before_it_ends"),
    CheckConstraint("taken >= 0 AND taken <= capacity", "seats"),
    Index("ix_sessions_coach_id_ends", "coach_id", "ends"),
    Index("ix_sessions_expires_at", "expires_at"),
)

# One participant's seat in a session.
bookings = Table(
    "bookings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("participant_id", Text, nullable=False, index=True),  # Coach OS's own id
    Column("participant", JSON, nullable=False),
    Column("context", JSON, nullable=False),
    Column("status", Text, nullable=False),  # booked | cancelled | completed | missed
    number("version", 1),
    Column("uid", Text, nullable=False, unique=True),  # its name in calendars, for life
    number("sequence"),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_bookings_session_id", "session_id"),
)
_seated = text("status = 'booked'")
Index(
    "uq_bookings_seat",
    bookings.c.session_id,
    bookings.c.participant_id,
    unique=True,
    postgresql_where=_seated,
    sqlite_where=_seated,
)

# What is owed to the world, a row each, written in the transaction of the change that owes it. The row is the job.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # mail | calendar
    Column("topic", Text, nullable=False),  # of a mail: its kind; of a calendar row: upsert | delete
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("message_id", Text, unique=True),  # the left side of a mail's
    Column("coach_id", Text),
    Column("session_id", Text, index=True),
    Column("booking_id", Text, index=True),
    number("version", 1),
    Column("recipient", Text),
    Column("payload", JSON, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    number("attempts"),
    number("unsure"),  # attempts whose end nobody saw: it may have been sent
    Column("due_at", Instant, nullable=False),
    number("next_attempt_at_ms"),
    number("wake_after_ms"),
    Column("lease_token", Text),
    number("lease_until_ms"),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
)
_owed = text("state IN ('pending', 'sending')")
Index("ix_outbox_owed", outbox.c.due_at, postgresql_where=_owed, sqlite_where=_owed)

# The answer to a write, kept under the key that the client gave it.
idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("created_at", Instant, nullable=False, index=True),
)

# What programme managers set: a text, a switch, or both.
mail_texts = Table(
    "mail_texts",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    flag("enabled", default=True),
)

withheld_addresses = Table(
    "withheld_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

api_clients = Table(
    "api_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scopes", JSON, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("api_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

# The clock's table: one row a periodic job, moved on by compare-and-swap so that replicas never run it twice.
schedule = Table("schedule", metadata, Column("name", Text, primary_key=True), number("next_run_at_ms"))
