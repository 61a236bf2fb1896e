"""The tables of pods besides their sessions: the groups that they are in, and those that have no
time yet.
"""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Table, Text

from storage.schema.columns import Instant, metadata, number

# A group of hybrid_v2 pods: those are the sessions that name it, in the order in which they begin.
# Title and context are those of the pod that it was begun with: groups that share them are a
# choice. Its row is what whoever changes the group locks first.
pod_groups = Table(
    "pod_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text),
    Column("context", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# A pod without a time: it occupies nobody. Once it has one it is a session of the same id, and this
# row is gone.
pod_shells = Table(
    "pod_shells",
    metadata,
    Column("id", Text, primary_key=True),
    Column("coach_id", Text, ForeignKey("coaches.id", ondelete="CASCADE"), index=True),
    Column("duration", BigInteger),  # minutes
    number("min_seats", 1),
    number("capacity", 1),
    Column("format", Text, nullable=False),
    Column("title", Text),
    Column("context", JSON, nullable=False),
    Column("group_id", Text),
    Column("place", JSON(none_as_null=True)),  # domain.places
    number("version", 1),
    Column("created_at", Instant, nullable=False),
)

# Who is to have a seat in it.
pod_shell_people = Table(
    "pod_shell_people",
    metadata,
    Column("shell_id", Text, ForeignKey("pod_shells.id", ondelete="CASCADE"), primary_key=True),
    Column("participant_id", Text, primary_key=True, index=True),
    Column("participant", JSON, nullable=False),
)
