"""Claiming a row of the outbox: one worker at a time, in the order that its recipient may see.

The race: two workers are woken for one row, or for two rows of one queue, at the same moment; or a
worker comes back from the dead while another has taken its row over. Each claim locks the whole
queue, in one order, and decides by what it sees under that lock; whatever a worker writes later is
written by the token of its lease (storage.schema.leases).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Row,
    and_,
    case,
    or_,
    select,
)

from domain import events
from domain.mail.endings import ENDS, Ending, ending
from storage.rows import pauses, unknown_rows
from storage.schema import records
from storage.schema.database_clock import clock_ms
from storage.schema.leases import Lease
from storage.schema.tables import outbox

# How long the sweeper leaves a row alone that somebody was woken for (storage.rows.refresh_jobs).
FIRST_WAKE_MS = 2_000
NEXT_WAKE_MS = 10_000
WAITING = ("pending", "waiting_for_text")
OPEN = ("pending", "sending", "waiting_for_text")
UNSENT = (*OPEN, "withheld")
row = outbox.c
LEASE = Lease(row.lease_token, row.lease_until_ms)
# Rows of another release are left alone: they stand in no queue, and nobody waits for them.
IS_OPEN = and_(row.state.in_(OPEN), unknown_rows.known())
# A row that is `sending` when it changes hands was left by whoever had it: it may have been sent.
_lapsed = case((row.state == "sending", row.unsure + 1), else_=row.unsure)
# Whoever makes a row due wakes a sender; should that get lost, the sweeper wakes another.
DUE_NOW: dict[str, Any] = {"next_attempt_at_ms": 0, "wake_after_ms": clock_ms() + FIRST_WAKE_MS}
Reason = Literal["newer", "never_announced", "switched_off", "discarded", "too_late", "no_calendar"]
"""Why a row was superseded: something newer is true; its reader never heard of what it ends;
somebody switched such mails off; somebody gave it up; what it is about has begun or is over; its
coach has no calendar for it.
"""
Wake = tuple[str, str]
"""An outbox id and its kind: which queue to wake."""


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """The right to deliver one row until its lease ends.
    `unsure`: how many attempts may have been the last.
    """

    id: str
    kind: str
    topic: str
    coach_id: str | None
    session_id: str | None
    booking_id: str | None
    version: int
    recipient: str | None = field(repr=False)
    payload: dict[str, Any] = field(repr=False)
    attempts: int
    unsure: int
    due_at: datetime
    lease_token: str
    endpoint_id: str | None = None
    event_id: str | None = None


def wakes(tx: Connection, statement: Executable) -> list[Wake]:
    """What to wake senders for: the rows of a statement that answers `id` and `kind`."""
    return [(found.id, found.kind) for found in tx.execute(statement)]


def claim(tx: Connection, outbox_id: str, *, lease_ms: int, now: datetime) -> DeliveryClaim | None:
    """Take a row to deliver it. None: done, not due, held by somebody,
    not its turn, or superseded just now.
    """
    queue = _lock_queue(tx, outbox_id)
    mine = _deliverable(queue, outbox_id, now)
    if mine is None:
        return None
    before = [each for each in queue if each.state in UNSENT and _place(each) < _place(mine)]
    # Of a booking's events each counts: none makes another superfluous, and each waits its turn.
    if mine.kind == "callback" and events.in_order(mine.topic):
        if before:
            return None
        return _lease(tx, outbox_id, lease_ms)
    if any(each.version > mine.version and each.due_at <= now for each in queue):
        _supersede(tx, [mine], "newer", "a newer version is there")
        return None
    if _must_wait(mine, before):
        return None
    older = [each for each in before if each.version < mine.version]
    _supersede(tx, older, "newer", "a newer version is there")
    becomes = _ending(mine, queue)
    if becomes == "never_announced":
        _supersede(tx, [mine], becomes, "what it ends was never announced")
        return None
    taken = _lease(tx, outbox_id, lease_ms)
    if becomes == "leaves_in_words":
        return replace(taken, payload=taken.payload | {"invite": False})
    return taken


def _deliverable(queue: Sequence[Row[Any]], outbox_id: str, now: datetime) -> Row[Any] | None:
    mine = next((each for each in queue if each.id == outbox_id), None)
    if mine is None or mine.state not in OPEN:
        return None
    # The race: it was woken, and its kind paused since.
    if mine.paused or not mine.ready or mine.due_at > now:
        return None
    return mine


def _place(each: Row[Any]) -> tuple[int, datetime, datetime, str]:
    return each.version, each.due_at, each.created_at, each.id


def _must_wait(mine: Row[Any], before: Sequence[Row[Any]]) -> bool:
    for each in before:
        # One that is withheld is in nobody's way: its mailbox does not exist, and may never.
        if each.version == mine.version and each.state != "withheld":
            return True
        # Somebody is sending an older one at this moment. Ours would overtake it, and a calendar
        # that gets the cancellation first keeps the event.
        is_under_way = each.state == "sending" and not each.free
        if each.version < mine.version and is_under_way:
            return True
    return False


def _lock_queue(tx: Connection, outbox_id: str) -> list[Row[Any]]:
    """The rows of its queue, locked in one order so that two claims cannot deadlock."""
    me = outbox.alias("me")
    ready = and_(LEASE.open, row.next_attempt_at_ms <= clock_ms())
    paused = pauses.covers().label("paused")
    query = select(outbox, LEASE.open.label("free"), ready.label("ready"), paused).join(
        me, me.c.id == outbox_id
    )
    chosen = query.where(in_queue_of(me), unknown_rows.known()).order_by(row.id)
    return list(tx.execute(chosen.with_for_update(of=outbox)).all())


def in_queue_of(me: FromClause) -> ColumnElement[bool]:
    """A row stands in the queue of this one, or is it (see storage.rows.outbox)."""
    # Three queries would take three round trips; a queue is told apart by its row's own kind.
    mails = and_(
        me.c.kind == "mail",
        row.kind == "mail",
        row.booking_id == me.c.booking_id,
        row.recipient == me.c.recipient,
    )
    calendar = and_(
        me.c.kind == "calendar", row.kind == "calendar", row.session_id == me.c.session_id
    )
    # What one endpoint is told of is nothing that another one waits for.
    callbacks = and_(
        me.c.kind == "callback",
        row.kind == "callback",
        row.booking_id == me.c.booking_id,
        row.endpoint_id.is_not_distinct_from(me.c.endpoint_id),
    )
    return or_(row.id == me.c.id, mails, calendar, callbacks)


def _ending(mine: Row[Any], queue: Sequence[Row[Any]]) -> Ending:
    """What the rule of domain.mail.endings says of this row.
    `queue` is as it was before anything was superseded.
    """
    if mine.kind != "mail" or mine.topic not in ENDS:
        return "leaves"
    owed, left = set(), set()
    for each in queue:
        owed.add(each.topic)
        # Somebody who holds a row may have sent it, however long ago its lease ended.
        if each.state in ("sent", "sending") or each.unsure:
            left.add(each.topic)
    return ending(owed, left)


def _supersede(tx: Connection, rows: Sequence[Row[Any]], reason: Reason, error: str) -> None:
    # A row whose holder vanished may have been sent:
    # that must not be forgotten, a cancellation depends on it.
    values = LEASE.end() | {"state": "superseded", "reason": reason, "last_error": error}
    if rows:
        ids = [each.id for each in rows]
        tx.execute(outbox.update().where(row.id.in_(ids)).values(unsure=_lapsed, **values))


def _lease(tx: Connection, outbox_id: str, lease_ms: int) -> DeliveryClaim:
    statement = (
        outbox.update()
        .where(row.id == outbox_id)
        .values(
            state="sending",
            unsure=_lapsed,
            attempts=row.attempts + 1,
            **LEASE.take(lease_ms),
            wake_after_ms=clock_ms() + lease_ms,
        )
    )
    columns = records.columns_of(outbox, DeliveryClaim)
    return DeliveryClaim(*tx.execute(statement.returning(*columns)).one())
