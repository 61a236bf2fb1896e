"""The tables of sessions: their seats, what is owed about them, and the texts of their mails."""

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
    text,
)

from storage.schema.columns import Instant, flag, metadata, number, of_coach, of_connection

CONTEXT = ("company", "project", "cohort", "programme_name")


def listed() -> list[Column[str]]:
    """What lists look for, each in a column of its own: triggers keep them as `context` says, which
    the release before writes, too.
    """
    return [Column(name, Text) for name in CONTEXT]


# A time of a coach's: a 1:1 session, a pod, or a hold. While `active` it occupies the coach, and
# the database itself refuses another: on PostgreSQL by the constraint `no_overlap` over [starts,
# ends + gap), on SQLite by a trigger.
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
    # Why it was booked over busy time or outside hours; without, it was not.
    Column("force_reason", Text),
    number("version", 1),
    number("capacity", 1),
    number("taken"),
    number("min_seats"),
    Column("format", Text),  # of pods: open | closed | hybrid | hybrid_v2
    Column("group_id", Text),  # of hybrid_v2 pods; null in those that the release before made
    Column("deadline", Instant),  # of pods: by when min_seats have to be taken
    Column("flagged_at", Instant),  # when ops were told that they were not
    Column("title", Text),
    Column("context", JSON, nullable=False),
    Column("owner", Text),  # of holds
    Column("expires_at", Instant),  # of holds
    # The coach's local time it was booked for: 2026-06-02T11:00 Europe/London.
    Column("wall", Text),
    Column("wall_moved", Text),  # what that became under newer time zone rules
    Column("told_wall", Text),  # what of that Coach OS was last told
    Column("conflict_since", Instant),  # an external event lies over it since then
    Column("told_conflict", Instant),  # what of that Coach OS was last told
    Column("mailed_conflict", Instant),  # what of that the coach was last mailed
    Column("event_calendar_id", Text),  # where it was written in the coach's calendar
    # The calendars that it may still stand in besides.
    Column("event_strays", JSON(none_as_null=True)),
    # Since when the event is known to have stood there as the session is: the database's clock.
    Column("event_stood_ms", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("place", JSON(none_as_null=True)),  # domain.places: as it was chosen with the booking
    Column("join_url", Text),  # of conferencing: what Cronofy assigned
    # Links of places that it left, which its event may still show; null: it left none so far.
    Column("left_links", JSON(none_as_null=True)),
    Column("conferencing_state", Text),  # domain.conferencing draws them
    Column("conferencing_since", Instant),  # when it was first asked for
    Column("told_conferencing", Text),  # `failed`: what of that Coach OS was last told
    Column("conferencing_address_hash", LargeBinary, index=True),
    *listed(),
    number("changed_ms"),  # a trigger's: when anything that is told of it was last written
    CheckConstraint("starts < ends", "begins_before_it_ends"),
    # Two who take the last seat at once: the row refuses the second, whatever the code believed.
    CheckConstraint("taken >= 0 AND taken <= capacity", "seats"),
    Index("ix_sessions_coach_id_ends", "coach_id", "ends"),
    Index("ix_sessions_expires_at", "expires_at"),
)
_grouped = text("group_id IS NOT NULL")
Index(
    "ix_sessions_group_id",
    sessions.c.group_id,
    postgresql_where=_grouped,
    sqlite_where=_grouped,
)
# Looked for every second, and nearly always empty.
untold_conflict = sessions.c.conflict_since.is_distinct_from(sessions.c.told_conflict)
Index(
    "ix_sessions_untold",
    sessions.c.id,
    postgresql_where=untold_conflict,
    sqlite_where=untold_conflict,
)
# The same of links that do not come.
untold_conferencing = text(
    "(coalesce(conferencing_state, '') = 'failed') <> (told_conferencing IS NOT NULL)"
)
Index(
    "ix_sessions_untold_conferencing",
    sessions.c.id,
    postgresql_where=untold_conferencing,
    sqlite_where=untold_conferencing,
)
_waits_for_link = text("conferencing_state IN ('asked', 'failing')")
Index(
    "ix_sessions_conferencing_since",
    sessions.c.conferencing_since,
    postgresql_where=_waits_for_link,
    sqlite_where=_waits_for_link,
)
unmailed_conflict = sessions.c.conflict_since.is_distinct_from(sessions.c.mailed_conflict)
Index(
    "ix_sessions_unmailed",
    sessions.c.id,
    postgresql_where=unmailed_conflict,
    sqlite_where=unmailed_conflict,
)

untold_wall = sessions.c.wall_moved.is_distinct_from(sessions.c.told_wall)
Index(
    "ix_sessions_untold_wall",
    sessions.c.id,
    postgresql_where=untold_wall,
    sqlite_where=untold_wall,
)
# The few that new time zone rules moved, looked for whenever ops look.
_moved = sessions.c.wall_moved.is_not(None)
Index("ix_sessions_moved", sessions.c.starts, postgresql_where=_moved, sqlite_where=_moved)

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
    # How often its participant moved it; of these, the late ones that were free.
    number("moves"),
    number("late_moves"),
    # The booking that a late move ended as missed, and that this one was made for.
    Column("replaces", Text),
    # accepted | declined | tentative, when, and to the invitation of which sequence.
    Column("answer", Text),
    Column("answered_at", Instant),
    Column("answered_sequence", BigInteger),
    # What the coach's calendar last showed of them as an attendee, if the coach added them.
    Column("attendee_answer", Text),
    # The first sequence of which an answer counts, where that is not the last alone.
    Column("answers_from", BigInteger),
    # Why it was booked although its participant was in another session at the time.
    Column("overlap_reason", Text),
    # The participant's local time it was booked for, and of which `starts` that is one: the release
    # before moves bookings, and does not know it.
    Column("wall", Text),
    Column("wall_starts", BigInteger),
    Column("wall_moved", Text),  # what that became under newer time zone rules
    Column("told_wall", Text),  # what of that Coach OS was last told
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    # As its session's, which triggers see to; of what its context leaves open, the session's too.
    Column("coach_id", Text),
    Column("starts", BigInteger),
    *listed(),
    Index("ix_bookings_session_id", "session_id"),
)
# Whoever left a pod may come back to it: only one seat at a time is theirs.
_seated = text("status = 'booked'")
Index(
    "uq_bookings_seat",
    bookings.c.session_id,
    bookings.c.participant_id,
    unique=True,
    postgresql_where=_seated,
    sqlite_where=_seated,
)
untold_wall_of_booking = bookings.c.wall_moved.is_distinct_from(bookings.c.told_wall)
Index(
    "ix_bookings_untold_wall",
    bookings.c.id,
    postgresql_where=untold_wall_of_booking,
    sqlite_where=untold_wall_of_booking,
)
_moved_for_somebody = bookings.c.wall_moved.is_not(None)
Index(
    "ix_bookings_moved",
    bookings.c.session_id,
    postgresql_where=_moved_for_somebody,
    sqlite_where=_moved_for_somebody,
)

# The calendars into which a write of ours may still land (storage.transactions.looks).
event_looks = Table(
    "event_looks",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("calendar_id", Text, primary_key=True),
    of_connection(index=True),
    Column("since", Instant, nullable=False),  # when the last of these writes began
    Column("next_look_at", Instant, nullable=False),
    Column("token", Text, nullable=False),  # of that write
    flag("deletes"),  # one of them is a deletion
    # The times that one of them may bring: [[starts, ends], ...]; null where any may.
    Column("may_bring", JSON(none_as_null=True)),
)

# What a coach did to our event in their own calendar, until it is settled
# (storage.rows.event_differences draws it).
event_differences = Table(
    "event_differences",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    of_connection(index=True),
    Column("calendar_id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # moved | deleted | declined | settled
    Column("starts", BigInteger),  # where it stands now, epoch seconds; null when it is gone
    Column("ends", BigInteger),
    Column("since", Instant, nullable=False),
    Column("token", Text, nullable=False),  # of this episode
    Column("told_token", Text),  # what the platform was last told of
    Column("mailed_token", Text),  # what the coach was last asked about
)

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

# Mailboxes that do not exist, as a mail server said. Ops never see the address, they go by `id`.
withheld_addresses = Table(
    "withheld_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("id", Text),  # the release before this column writes none
    Column("reason", Text, nullable=False),
    Column("reply", Text),  # what the server said, without addresses
    Column("outbox_id", Text),  # the mail that met it
    Column("since", Instant, nullable=False),
    Index("uq_withheld_addresses_id", "id", unique=True),
)
