"""Where participants are: nobody is in two sessions at once, whoever their coaches are.

A participant has no row that could be locked: on PostgreSQL their id is, until the transaction
ends; on SQLite whoever writes is alone. No circle of those who wait can come about, because
everybody takes locks in one order: groups, coaches, and only then participants, all of them in one
statement that goes by their keys. Who holds a participant waits for no coach any more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import BigInteger, Connection, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.intervals import Interval
from storage.schema import records
from storage.schema.tables import bookings, sessions

STANDS = ("booked", "completed")
_KEYS = func.unnest(bindparam("keys", type_=ARRAY(BigInteger))).column_valued("key")
_LOCK = select(func.count(func.pg_advisory_xact_lock(_KEYS)))


@dataclass(frozen=True, slots=True)
class Seat:
    """`starts`, `ends`: of its session, epoch seconds."""

    participant_id: str
    session_id: str
    starts: int
    ends: int


def lock(tx: Connection, participant_ids: Iterable[str]) -> None:
    """Nobody else books these participants until the transaction ends. Whoever has them already
    may say so again. The caller holds the locks of all coaches that it needs.
    """
    # The race: two coaches are booked for one participant at one time, each under its own coach's
    # lock: neither sees the other's booking. The second waits here, and then reads the first's.
    if tx.dialect.name != "postgresql":
        return
    keys = sorted(set(map(_key, participant_ids)))
    if keys:
        tx.execute(_LOCK, {"keys": keys})


def lock_seated(
    tx: Connection,
    session_ids: Iterable[str | None],
    group_ids: Iterable[str | None] = (),
    others: Iterable[str] = (),
) -> None:
    """As `lock`: whoever has a seat in these sessions or in a pod of these groups, and others."""
    ids, groups = filter(None, session_ids), filter(None, group_ids)
    inside = or_(sessions.c.id.in_(list(ids)), sessions.c.group_id.in_(list(groups)))
    query = select(bookings.c.participant_id).join(sessions).where(inside)
    seated = tx.scalars(query.where(bookings.c.status == "booked"))
    lock(tx, {*seated, *others})


def seats(
    tx: Connection, participant_ids: Collection[str], *, since: int, without: Sequence[str] = ()
) -> list[Seat]:
    """Those of these participants in sessions that end after `since` (epoch seconds), but for the
    sessions `without`.
    """
    mine = bookings.c
    query = select(mine.participant_id, sessions.c.id, sessions.c.starts, sessions.c.ends)
    standing = query.join(sessions).where(
        mine.participant_id.in_(participant_ids),
        mine.status.in_(STANDS),
        sessions.c.active,
        sessions.c.ends > since,
        sessions.c.id.not_in(without),
    )
    return records.all_as(tx, Seat, standing)


def taken(
    tx: Connection, participant_ids: Collection[str], *, since: int, without: Sequence[str] = ()
) -> dict[str, list[Interval]]:
    """By participant, the times of these seats: the sessions' own, without any buffer."""
    found: dict[str, list[Interval]] = defaultdict(list)
    for seat in seats(tx, participant_ids, since=since, without=without):
        found[seat.participant_id].append((seat.starts, seat.ends))
    return found


def _key(participant_id: str) -> int:
    # Two with one key only wait for each other.
    digest = blake2b(participant_id.encode(), digest_size=8, person=b"participant").digest()
    return int.from_bytes(digest, signed=True)
