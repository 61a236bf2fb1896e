"""The table of what happened to sessions and bookings."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Table, Text, text

from storage.schema.columns import Instant, flag, metadata

# Append-only: nothing is changed in it but what erasing a person takes out. Without keys to what it
# tells of: a hold is gone once it is used, and its history stays.
history = Table(
    "history",
    metadata,
    # In the order in which they were written: of one coach's sessions under the coach's lock. So
    # it is the order of what happened, which instants of several machines are not.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("change_id", Text, nullable=False),  # rows of one transaction
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),  # domain.history.WHATS
    Column("coach_id", Text, nullable=False),
    Column("session_id", Text, nullable=False, index=True),  # of holds: theirs
    Column("booking_id", Text),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("reason", Text),  # why it was forced; empty once it was forgotten
    flag("excused"),
    # storage.schema.doorways tells what they are.
    Column("door", Text, nullable=False),
    Column("name", Text),
    Column("request_id", Text),
    Index("ix_history_coach_id_number", "coach_id", "number"),
)
_of_booking = text("booking_id IS NOT NULL")
Index(
    "ix_history_booking_id",
    history.c.booking_id,
    postgresql_where=_of_booking,
    sqlite_where=_of_booking,
)
# What retention looks for, each hour.
_of_hold = text("what IN ('held', 'hold_used', 'hold_released', 'hold_expired')")
Index("ix_history_at", history.c.at, postgresql_where=_of_hold, sqlite_where=_of_hold)
_of_request = text("request_id IS NOT NULL")
Index(
    "ix_history_request_id",
    history.c.request_id,
    postgresql_where=_of_request,
    sqlite_where=_of_request,
)
