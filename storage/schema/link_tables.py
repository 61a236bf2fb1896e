"""Tables of what people get by an address of their own: links to pages, and feeds of sessions."""

from sqlalchemy import JSON, Column, LargeBinary, Table, Text

from storage.schema.columns import Instant, metadata

# Without a key to coaches: making one must not wait for a lock that a booking holds.
# `leads`: page or connect.
links = Table(
    "links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("leads", Text, nullable=False),
    Column("coach_id", Text, nullable=False, index=True),
    Column("participant_id", Text, index=True),
    Column("meaning", JSON, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("browser_hash", LargeBinary),  # whose it is, once it was opened
)

# A person's sessions as a calendar that programs read again and again. Of both ids one is there.
feeds = Table(
    "feeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("coach_id", Text, index=True),
    Column("participant_id", Text, index=True),
    Column("language", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Links that the release before signed, and that were followed: the next release drops it.
link_uses = Table(
    "link_uses",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)
