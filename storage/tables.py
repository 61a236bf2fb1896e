"""Every table, on one page.

Two kinds of time. What the product speaks about (when a calendar was read) is `Instant`: an aware UTC datetime, from
`services.now`. What only keeps processes apart (leases, wake-ups) is a bare `*_ms` number from the database's clock.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    column,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as milliseconds since 1970: the same on both databases, and comparable as it is."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else round((value - EPOCH) / timedelta(milliseconds=1))

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(milliseconds=value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _number(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text(str(default)))


def _flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def _coach(**options: Any) -> Column[str]:
    return Column("coach_id", Text, ForeignKey("coaches.id", ondelete="CASCADE"), nullable=False, **options)


def _connection(**options: Any) -> Column[str]:
    return Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False, **options)


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
    _flag("tentative_blocks", default=True),
    Column("policy", Text, nullable=False),
    Column("last_known_hours", Integer, nullable=False),
    _number("version", 1),
)

# One Cronofy account of a coach. The row is also the refresh job: dirty while done_gen < req_gen (reliability.md).
connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    _coach(index=True),
    Column("sub", Text, nullable=False, unique=True),
    Column("data_center", Text, nullable=False),
    Column("tokens", LargeBinary, nullable=False),
    Column("access_expires_at", Instant, nullable=False),
    _number("token_lease_until_ms"),
    Column("trouble", Text),  # initial_sync | disconnected: what userinfo last said
    _flag("userinfo_due", default=True),
    _flag("erase_due"),
    _number("req_gen", 1),
    _number("done_gen"),
    Column("lease_token", Text),
    _number("lease_until_ms"),
    _number("next_attempt_at_ms"),
    _number("wake_after_ms"),
    _number("attempts"),
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
    _connection(primary_key=True),
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("name", Text, nullable=False),
    _flag("connected", default=True),
    _flag("initial_sync"),
    Column("relink_url", Text),
)

calendars = Table(
    "calendars",
    metadata,
    _connection(primary_key=True),
    Column("id", Text, primary_key=True),
    Column("profile_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    _flag("readonly"),
    _flag("deleted"),
    _flag("is_primary"),
    _flag("blocks", default=True),  # the coach's own choice: it survives every refresh
)

# Written before Cronofy is asked (channel_id empty until it answered), so that a retry asks for the same URL
# and gets the same channel.
channels = Table(
    "channels",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _connection(unique=True),
    Column("token", LargeBinary, nullable=False),
    Column("channel_id", Text),
)

oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    _coach(),
    Column("expires_at", Instant, nullable=False),
)

# One packed row a connection: never a row a period (performance.md measured 10 to 60 times for it).
busy = Table(
    "busy",
    metadata,
    _connection(primary_key=True),
    Column("reading", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _number("window_end"),  # epoch seconds: nothing is known from here on
)

# One packed row a coach: the row that answers the reads.
slot_sets = Table(
    "slot_sets",
    metadata,
    _coach(primary_key=True),
    _number("version", 1),
    _number("coach_version", 1),
    _number("origin"),  # epoch seconds, a UTC midnight
    Column("days", Integer, nullable=False),
    Column("durations", JSON, nullable=False),
    Column("bits", LargeBinary, nullable=False),
    Column("reasons", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("tzdata", Text, nullable=False),
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
schedule = Table("schedule", metadata, Column("name", Text, primary_key=True), _number("next_run_at_ms"))
