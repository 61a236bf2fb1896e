"""Tables that the product keeps about itself:
who may ask, what ran and when, and what ops look at.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from storage.schema.columns import Instant, metadata, number, of_coach

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
    Column(
        "client_id",
        Text,
        ForeignKey("api_clients.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

# The clock's table: one row a periodic job,
# moved on by compare-and-swap so that replicas never run it twice.
schedule = Table(
    "schedule",
    metadata,
    Column("name", Text, primary_key=True),
    Column("lease_token", Text),  # whose turn it is, until the next one begins
    number("next_run_at_ms"),
    number("failures"),  # how often it raised since it last went well
)

# What people did on the ops pages or with the ops commands.
ops_audit = Table(
    "ops_audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

# Who is to be erased: gone once nothing is left to do. `kind`: coach | participant.
erasures = Table(
    "erasures",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("asked_at", Instant, nullable=False),
)

# Coaches who are to be erased once everybody is told. A table of its own: the release before, which
# may still run, erases at once whoever is in `erasures`.
farewells = Table(
    "farewells",
    metadata,
    of_coach(primary_key=True),
    Column("actor", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),  # so long the erasure waits for those who are told
    Column("looked_at", Instant, nullable=False),  # when the clock last went on with it
)

# What the plots are drawn from: a few figures a minute.
samples = Table(
    "samples",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("value", Float, nullable=False),
)

# How long each push waited until its change could be seen.
# The clock makes samples of them, and drops them.
visible = Table(
    "visible",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("ms", Integer, nullable=False),
    # Of them, in each stage (domain.push_stages); the database's is what is left. Null in the rows
    # of a release that did not measure them.
    Column("gap_ms", BigInteger),
    Column("queue_ms", BigInteger),
    Column("budget_ms", BigInteger),
    Column("cronofy_ms", BigInteger),
    Column("fault_ms", BigInteger),
)

# The newest refusals, for ops. Without a key to coaches:
# a refusal must not wait for a lock that a booking holds.
refusals = Table(
    "refusals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("place", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text),
    Column("coach_id", Text),
    Column("client_id", Text),
)
