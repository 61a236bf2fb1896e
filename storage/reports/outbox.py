"""Rows of the outbox as ops see them: never a recipient's address, never what is said;
and retry and withhold.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from storage.reports.overview import seconds
from storage.rows import pauses
from storage.rows.outbox_claims import DUE_NOW, LEASE, WAITING, Wake, in_queue_of, wakes
from storage.schema import records
from storage.schema.database_clock import clock_ms
from storage.schema.tables import outbox

# Few at any time: nearly all rows that there are were sent or superseded.
UNENDED = ("pending", "sending", "waiting_for_text", "withheld", "dead")

row = outbox.c
_lapsed = and_(row.state == "sending", LEASE.open)


@dataclass(frozen=True, slots=True)
class Message:
    """`role`: whom a mail is for, participant or coach.
    `retry_in`, `lease_in`: seconds by the database's clock.
    """

    id: str
    kind: str
    topic: str
    role: str | None
    state: str
    version: int
    attempts: int
    unsure: int
    coach_id: str | None
    session_id: str | None
    booking_id: str | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    last_error: str | None
    retry_in: float
    lease_in: float

    @property
    def stuck(self) -> bool:
        """Its sender vanished: whether it was sent, nobody knows."""
        return self.state == "sending" and self.lease_in <= 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of one kind in one state: how many, and when the oldest was due. Pending ones that wait
    for their time, such as reminders, are `scheduled`; those that ops paused are `paused`.
    """

    kind: str
    state: str
    count: int
    oldest: datetime


_MADE: dict[str, ColumnElement[Any]] = {
    "role": row.payload[("recipient", "role")].as_string(),
    "retry_in": seconds(row.next_attempt_at_ms - clock_ms()),
    "lease_in": seconds(row.lease_until_ms - clock_ms()),
}


def _shown(name: str) -> ColumnElement[Any]:
    if name in _MADE:
        return _MADE[name]
    return row[name]


_COLUMNS = [_shown(item.name) for item in fields(Message)]


def tallies(tx: Connection, *, now: datetime, ended: bool = True) -> list[Tally]:
    """`ended`: with those that were sent or superseded, which are nearly all there ever were:
    not for every second.
    """
    to_come = and_(row.state == "pending", row.due_at > now)
    paused = and_(row.state == "pending", pauses.covers())
    state = case((to_come, "scheduled"), (paused, "paused"), else_=row.state).label("as_shown")
    query = select(row.kind, state, func.count(), func.min(row.due_at)).group_by(row.kind, state)
    if not ended:
        query = query.where(row.state.in_(UNENDED))
    return records.all_as(tx, Tally, query.order_by(row.kind, state))


def find(tx: Connection, outbox_id: str) -> Message | None:
    return records.first_as(tx, Message, select(*_COLUMNS).where(row.id == outbox_id))


def listed(
    tx: Connection, *, state: str, kind: str | None = None, now: datetime, limit: int = 100
) -> list[Message]:
    """Those in this state as `tallies` tells it, the longest due first;
    of one kind, when it is named.
    """
    query = select(*_COLUMNS).where(_in_state(state, now))
    if kind is not None:
        query = query.where(row.kind == kind)
    return records.all_as(tx, Message, query.order_by(row.due_at, row.id).limit(limit))


def matching(tx: Connection, which: ColumnElement[bool], *, limit: int) -> list[Message]:
    """The newest of these, the oldest first."""
    query = select(*_COLUMNS).where(which).order_by(row.created_at.desc(), row.id)
    return records.all_as(tx, Message, query.limit(limit))[::-1]


def stuck(tx: Connection, *, limit: int = 20) -> list[Message]:
    """Those whose sender vanished: nobody acknowledged them before their lease ended."""
    query = select(*_COLUMNS).where(_lapsed).order_by(row.lease_until_ms)
    return records.all_as(tx, Message, query.limit(limit))


def in_flight(tx: Connection) -> dict[str, int]:
    """How many of each kind somebody is sending at this moment."""
    sending = select(row.kind, func.count()).where(row.state == "sending", LEASE.lasts)
    counts: dict[str, int] = dict(tx.execute(sending.group_by(row.kind)).all())
    return counts


def neighbours(tx: Connection, outbox_id: str, *, limit: int = 50) -> list[Message]:
    """The queue that a message stands in (see storage.rows.outbox),
    itself included, in the order it is to leave.
    """
    # Nothing is locked here: what is shown may be over when it is read.
    me = outbox.alias("me")
    chosen = select(*_COLUMNS).join(me, me.c.id == outbox_id).where(in_queue_of(me))
    in_order = chosen.order_by(row.version, row.due_at, row.created_at, row.id)
    return records.all_as(tx, Message, in_order.limit(limit))


def retry(tx: Connection, outbox_id: str) -> Wake | None:
    """Try a message that waits for its next attempt now. None when it does not wait for one."""
    mine = outbox.update().where(row.id == outbox_id, row.state.in_(WAITING)).values(DUE_NOW)
    return next(iter(wakes(tx, mine.returning(row.id, row.kind))), None)


def withhold(tx: Connection, outbox_id: str, *, reason: str) -> bool:
    """Never send this message. False when it was sent, or is being sent, or has ended already.

    One whose sender vanished may have been sent: that is remembered, because a cancellation depends
    on it.
    """
    # The race: a sender takes it while a person gives it up. The state is looked at in the very
    # statement that ends it: whoever is first wins, and the other is told.
    waits = row.state.in_((*WAITING, "withheld"))
    chosen = and_(row.id == outbox_id, or_(waits, _lapsed))
    values = LEASE.end() | {"state": "superseded", "reason": "discarded", "last_error": reason}
    unsure = case((_lapsed, row.unsure + 1), else_=row.unsure)
    return tx.execute(outbox.update().where(chosen).values(unsure=unsure, **values)).rowcount == 1


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    if state == "scheduled":
        return and_(row.state == "pending", row.due_at > now)
    if state == "pending":
        return and_(row.state == "pending", row.due_at <= now, ~pauses.covers())
    if state == "paused":
        return and_(row.state == "pending", row.due_at <= now, pauses.covers())
    return row.state == state
