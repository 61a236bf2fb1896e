"""Every table: those of coaches and their calendars here, those of sessions beside it in
`session_tables` and `pod_tables`, those of links in `link_tables`, those of the product itself in
`ops_tables` and `deed_tables`.

Two kinds of time. What the product speaks about (when a calendar was read) is `Instant`: an aware
UTC datetime, from `services.now`. What only keeps processes apart (leases, wake-ups) is a bare
`*_ms` number from the database's clock.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    column,
    literal_column,
    or_,
    text,
)

from storage.schema import list_indexes
from storage.schema.columns import Instant, flag, metadata, number, of_coach, of_connection
from storage.schema.deed_tables import acknowledgements, bulk_deeds, pauses
from storage.schema.event_tables import events, feed_ends
from storage.schema.history_tables import history
from storage.schema.link_tables import feeds, link_uses, links
from storage.schema.ops_tables import (
    api_clients,
    api_keys,
    erasures,
    farewells,
    ops_audit,
    refusals,
    samples,
    schedule,
    visible,
)
from storage.schema.outbox_tables import outbox
from storage.schema.pod_tables import pod_groups, pod_shell_people, pod_shells
from storage.schema.programme_tables import brands, change_rules, mail_texts, places
from storage.schema.session_tables import (
    bookings,
    event_differences,
    event_looks,
    idempotency,
    sessions,
    withheld_addresses,
)
from storage.schema.slot_tables import busy, slot_sets
from storage.schema.webhook_tables import webhook_attempts, webhook_endpoints

__all__ = [
    "acknowledgements",
    "api_clients",
    "api_keys",
    "bookings",
    "brands",
    "bulk_deeds",
    "busy",
    "change_rules",
    "erasures",
    "event_differences",
    "event_looks",
    "events",
    "farewells",
    "feed_ends",
    "feeds",
    "history",
    "idempotency",
    "link_uses",
    "links",
    "mail_texts",
    "metadata",
    "ops_audit",
    "outbox",
    "pauses",
    "places",
    "pod_groups",
    "pod_shell_people",
    "pod_shells",
    "refusals",
    "samples",
    "schedule",
    "sessions",
    "slot_sets",
    "visible",
    "webhook_attempts",
    "webhook_endpoints",
    "withheld_addresses",
]

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
    # What becomes of our events that the coach changed: ask | restore | follow.
    Column("event_policy", Text, nullable=False, server_default=text("'ask'")),
    Column("policy", Text, nullable=False),
    Column("last_known_hours", Integer, nullable=False),
    # Whom the coach's mails are for; without an address there are none.
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("email", Text),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    # Where their sessions are, and which kinds of places they take (domain.places).
    Column("place", JSON(none_as_null=True)),
    Column("place_kinds", JSON(none_as_null=True)),
    # When they are not there, or elsewhere (domain.absences): null where there is nothing.
    Column("away", JSON(none_as_null=True)),
    Column("travel", JSON(none_as_null=True)),
    Column("holidays", JSON(none_as_null=True)),
    number("version", 1),
    number("changed_ms"),  # a trigger's: when the version last grew
)

# One Cronofy account of a coach. The row is also the refresh job:
# dirty while done_gen < req_gen (reliability.md).
connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    of_coach(index=True),
    Column("sub", Text, nullable=False, unique=True),
    Column("data_center", Text, nullable=False),
    Column("tokens", LargeBinary, nullable=False),
    Column("access_expires_at", Instant, nullable=False),
    Column("token_lease_token", Text),  # who renews the tokens
    number("token_lease_until_ms"),
    # One of domain.accounts.Trouble: what userinfo, or Cronofy's refusal, last said.
    Column("trouble", Text),
    # Since when only the coach can mend it: relink mails count from here.
    Column("troubled_since", Instant),
    Column("told_trouble", Text),  # what Coach OS was last told of
    # Its accounts at Zoom and others, as userinfo last listed them; of one that lost its login,
    # since when.
    Column("conferencing", JSON(none_as_null=True)),
    Column("conferencing_lost_since", Instant),
    number("told_steps"),  # of its beginning: 1 that it was connected, 2 that its coach is synced
    flag("userinfo_due", default=True),
    flag("erase_due"),
    # A new connection is dirty from its first moment: nothing of it was read yet.
    number("req_gen", 1),
    number("done_gen"),
    Column("lease_token", Text),
    number("lease_until_ms"),
    number("next_attempt_at_ms"),
    number("due_at_ms"),  # from when on the read that was claimed last might have been made
    # Why the last read broke off, if it did (domain.push_stages.Failure).
    Column("failure", Text),
    number("wake_after_ms"),
    number("attempts"),
    Column("dirty_since_ms", BigInteger),
    # Since when a push waits to be seen; none did while this is null.
    Column("pushed_since_ms", BigInteger),
    Column("last_ok_at", Instant),
    Column("last_error", Text),
    # When its periods last changed, and what that meant at its last read (domain.reconciling.Pace):
    # how often it is reconciled.
    Column("changed_at", Instant),
    number("pace"),
    # The digest of a read that looked like a vanished calendar: not believed yet.
    Column("doubted", LargeBinary),
    number("missed_pushes"),  # changes that were found without having been announced
    # How long the latest pushes waited until they were seen (domain.push_waits).
    Column("push_waits", LargeBinary),
    # The calendar of it that the coach chose for sessions; at most one of a coach's has it.
    Column("receives", Text),
)
# Looked for every second, and nearly always empty.
# A literal, no parameter: SQLite takes a partial index only where it can read the condition.
untold_beginning = connections.c.told_steps < literal_column("2")
Index(
    "ix_connections_untold",
    connections.c.id,
    postgresql_where=untold_beginning,
    sqlite_where=untold_beginning,
)
# What the sweeper looks for, and nothing else: it runs twice a second.
_dirty = column("done_gen") < column("req_gen")
Index(
    "ix_connections_dirty",
    connections.c.wake_after_ms,
    postgresql_where=_dirty,
    sqlite_where=_dirty,
)

# What is reconciled: nobody owes it a read, and its grant is not gone. By pace, the stalest first.
# Literals, no parameters: SQLite takes a partial index only where it can read the condition.
ALIVE = or_(
    connections.c.trouble.is_(None),
    connections.c.trouble != literal_column("'revoked'"),
)
RECONCILED = and_(connections.c.done_gen >= connections.c.req_gen, ALIVE)
Index(
    "ix_connections_reconciled",
    connections.c.pace,
    connections.c.last_ok_at,
    postgresql_where=RECONCILED,
    sqlite_where=RECONCILED,
)

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
    Column("mode", Text, nullable=False, server_default=text("'read_write'")),  # see AccessMode
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

# Written before Cronofy is asked (channel_id empty until it answered), so that a retry asks for the
# same URL and gets the same channel.
channels = Table(
    "channels",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    of_connection(unique=True),
    Column("token", LargeBinary, nullable=False),
    Column("channel_id", Text),
    Column("audited_at", Instant),  # when Cronofy's own list last showed it
    Column("lease_token", Text),  # who compares it with that list, or opens it
    number("lease_until_ms"),
)

oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    of_coach(),
    Column("expires_at", Instant, nullable=False),
    Column("outcome", Text),  # none yet | asking | to_confirm | connected, or why not
    Column("account", Text),  # the address that agreed
    Column("sealed", LargeBinary),  # its tokens, sealed, until it is confirmed
    Column("return_url", Text),  # where the platform has its coaches come back to
)

# The id of a participant whom an import knows by their address alone:
# made up once, so that no id tells an address.
imported_people = Table(
    "imported_people",
    metadata,
    # SHA-256 of the address in small letters.
    Column("address_hash", LargeBinary, primary_key=True),
    Column("participant_id", Text, nullable=False, unique=True),
)

list_indexes.declare(coaches, connections)
