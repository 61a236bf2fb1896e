"""The feed: every event that the platform is told of, kept for 90 days in one order, so that who
was away reads on where it stopped.

    written      in the transaction of the change, without a position: nobody reads it yet
    numbered     some moments later, by whoever holds the feed's lock: from here on it is read
    dropped      after 90 days, or with the person whom it is about

The race: a transaction takes a number, commits late, and a reader who saw a later number meanwhile
has gone past it for good. So numbers are not taken in the transaction of a change. They are given
to what is committed, by one at a time, and each of them commits before the next one begins: what
becomes readable later has a later position.

Of a coach's slots only the latest event is kept, and as long as the coach: whoever wants them reads
them, and only has to know that there are others.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    literal,
    select,
    union_all,
)

from domain.events import OF_BOOKING, SLOTS, Event, in_order
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import events, feed_ends

KEPT = timedelta(days=90)
AT_ONCE = 1_000
THE_ROW = 1
row = events.c


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event of the feed, and its place in the order."""

    position: int
    id: str
    topic: str
    subject: str
    coach_id: str
    company_id: str | None
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ends:
    """From where to where the feed reaches: what is after `dropped_through` is there, but for
    erased people's, up to `last_position`.
    """

    last_position: int
    dropped_through: int


def new_id() -> str:
    return "evt_" + secrets.token_hex(12)


def add(tx: Connection, happened: Sequence[Event]) -> list[str]:
    """Write these, in this order. A change that is written already is not written again. Answers
    their ids.
    """
    if not happened:
        return []
    values = []
    for event in happened:
        said = {"topic": event.topic, "subject": event.subject, "data": event.data}
        about = {"coach_id": event.coach_id, "company_id": event.company_id, "at": event.at}
        values.append({"id": _id_of(event), **said, **about})
    # Inline: nobody wants to know the number that each was given.
    added = insert(tx, events).inline().on_conflict_do_nothing(index_elements=["id"])
    tx.execute(added, values)
    return [str(each["id"]) for each in values]


def ends_of(tx: Connection) -> Ends:
    query = select(*records.columns_of(feed_ends, Ends))
    return records.first_as(tx, Ends, query) or Ends(0, 0)


def page(
    tx: Connection,
    *,
    after: int,
    through: int,
    limit: int,
    topics: Collection[str] = (),
    coach_ids: Collection[str] = (),
) -> list[NumberedEvent]:
    """Those at after < position <= through, in order; of these types and coaches, where any
    are named.
    """
    query = select(*records.columns_of(events, NumberedEvent))
    query = query.where(row.position > after, row.position <= through)
    if topics:
        query = query.where(row.topic.in_(topics))
    if coach_ids:
        query = query.where(row.coach_id.in_(coach_ids))
    return records.all_as(tx, NumberedEvent, query.order_by(row.position).limit(limit))


def number(tx: Connection) -> int:
    """Give a position to what was committed, in the order in which it was written. How many."""
    waiting = select(row.seq).where(row.position.is_(None)).order_by(row.seq).limit(AT_ONCE)
    if tx.scalar(waiting) is None:
        return 0
    last = lock(tx).last_position
    # Asked again under the lock: somebody else may have numbered them since.
    numbers = []
    for position, seq in enumerate(tx.scalars(waiting).all(), start=last + 1):
        numbers.append({"this": seq, "place": position})
    if numbers:
        one = events.update().where(row.seq == bindparam("this"))
        tx.execute(one.values(position=bindparam("place")), numbers)
        tx.execute(feed_ends.update().values(last_position=last + len(numbers)))
    return len(numbers)


def replace_slots(tx: Connection, coach_ids: Collection[str]) -> None:
    """New events of these coaches' slots follow: those before go."""
    if coach_ids:
        lock(tx)
        tx.execute(events.delete().where(row.topic == SLOTS, row.coach_id.in_(coach_ids)))


def drop_old(tx: Connection, *, now: datetime, limit: int = AT_ONCE) -> int:
    """How many were older than they are kept; `limit` at most, the oldest first."""
    before = lock(tx).dropped_through
    old = select(row.seq).where(row.at < now - KEPT, row.topic != SLOTS)
    chosen = old.order_by(row.seq).limit(limit)
    gone = tx.scalars(events.delete().where(row.seq.in_(chosen)).returning(row.position)).all()
    if gone:
        latest = max(before, *filter(None, gone))
        tx.execute(feed_ends.update().values(dropped_through=latest))
    return len(gone)


def subjects_of(booking_ids: Select[tuple[str]]) -> CompoundSelect[tuple[str]]:
    """Every subject of an event about one of these bookings; callbacks keep it as `booking_id`."""
    (column,) = booking_ids.selected_columns
    # One list, not a condition for each: of those PostgreSQL would read the whole outbox.
    return union_all(
        *(booking_ids.with_only_columns(literal(prefix) + column) for prefix in OF_BOOKING)
    )


def forget(tx: Connection, chosen: ColumnElement[bool]) -> None:
    """These are told to nobody any more: whom they are about is erased.

    Call it last: whoever tells of slots has locked their rows when it waits for this lock.
    """
    lock(tx)
    tx.execute(events.delete().where(chosen))


def lock(tx: Connection) -> Ends:
    """The feed's ends, which nobody else moves until this transaction is over.

    Whoever deletes events holds this too: two who lock the same events in another order would wait
    for each other.
    """
    query = select(*records.columns_of(feed_ends, Ends)).with_for_update()
    found = records.first_as(tx, Ends, query)
    if found is None:
        first = insert(tx, feed_ends).values(id=THE_ROW)
        tx.execute(first.on_conflict_do_nothing(index_elements=["id"]))
        found = records.first_as(tx, Ends, query)
    assert found is not None  # noqa: S101 (it was just made, and is never deleted)
    return found


def _id_of(event: Event) -> str:
    if not in_order(event.topic):
        return new_id()
    # Each change of a booking is one version of it, however often somebody writes it.
    change = f"{event.subject}:{event.data['version']}"
    return "evt_" + blake2b(change.encode(), digest_size=12).hexdigest()
