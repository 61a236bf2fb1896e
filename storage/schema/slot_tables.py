"""The packed tables: what is known of calendars, and what is open by that."""

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table, Text

from storage.schema.columns import Instant, metadata, number, of_coach, of_connection

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
    # The releases whose rules made it: of tzdata, and of the public holidays.
    Column("tzdata", Text, nullable=False),
    number("told_version"),  # what Coach OS was last told of
    # When the next hold ends, and the set opens again by the clock alone.
    Column("holds_until", Instant),
)
