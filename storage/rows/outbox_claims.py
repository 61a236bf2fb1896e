"""Claiming a row of the outbox: one worker at a time, in the order that its recipient may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, case, or_, select

from domain import events
from domain.mail.endings import ENDS, Ending, ending
from storage.rows import unknown_rows
from storage.schema.database import clock_ms
from storage.schema.leases import Lease
from storage.schema.tables import outbox

FIRST_WAKE_MS = 2_000
NEXT_WAKE_MS = 10_000
OPEN = ("pending", "sending", "waiting_for_text")
UNSENT = (*OPEN, "withheld")
row = outbox.c
LEASE = Lease(row.lease_token, row.lease_until_ms)
# Rows of another release are left alone: they stand in no queue, and nobody waits for them.
IS_OPEN = and_(row.state.in_(OPEN), unknown_rows.known())
_lapsed = case((row.state == "sending", row.unsure + 1), else_=row.unsure)
Reason = Literal["newer", "never_announced", "switched_off", "discarded", "too_late"]
"""Why a row was superseded: something newer is true; its reader never heard of what it ends;
somebody switched such mails off; somebody gave it up; what it is about has begun or is over.
"""
Wake = tuple[str, str]
"""An outbox id and its kind: which queue to wake."""


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """The right to deliver one row until its lease ends. `unsure`: how many attempts may have been
    the last.
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


def claim(tx: Connection, outbox_id: str, *, lease_ms: int, now: datetime) -> DeliveryClaim | None:
    """Take a row to deliver it. None: done, not due, held by somebody, not its turn, or superseded
    just now.
    """
    queue = _lock_queue(tx, outbox_id)
    mine = next((each for each in queue if each.id == outbox_id), None)
    if mine is None or mine.state not in OPEN or not mine.ready or mine.due_at > now:
        return None
    waiting = [each for each in queue if each.state in UNSENT and _place(each) < _place(mine)]
    if mine.kind == "callback" and events.in_order(mine.topic):
        return None if waiting else _lease(tx, outbox_id, lease_ms)
    if any(each.version > mine.version and each.due_at <= now for each in queue):
        _supersede(tx, [mine], "newer", "a newer version is there")
        return None
    older = [each for each in waiting if each.version < mine.version]
    # One that is withheld is in nobody's way: its mailbox does not exist, and may never.
    if any(each.version == mine.version and each.state != "withheld" for each in waiting):
        return None
    if any(each.state == "sending" and not each.free for each in older):
        return None
    _supersede(tx, older, "newer", "a newer version is there")
    becomes = _ending(mine, queue)
    if becomes == "never_announced":
        _supersede(tx, [mine], becomes, "what it ends was never announced")
        return None
    held = _lease(tx, outbox_id, lease_ms)
    return (
        replace(held, payload=held.payload | {"invite": False})
        if becomes == "leaves_in_words"
        else held
    )


def _place(each: Row[Any]) -> tuple[int, datetime, datetime, str]:
    return each.version, each.due_at, each.created_at, each.id


def _lock_queue(tx: Connection, outbox_id: str) -> list[Row[Any]]:
    """The rows of its queue, locked in one order so that two claims cannot deadlock."""
    me = outbox.alias("me")
    mails = and_(
        me.c.kind == "mail",
        row.kind == "mail",
        row.booking_id == me.c.booking_id,
        row.recipient == me.c.recipient,
    )
    calendar = and_(
        me.c.kind == "calendar", row.kind == "calendar", row.session_id == me.c.session_id
    )
    callbacks = and_(
        me.c.kind == "callback", row.kind == "callback", row.booking_id == me.c.booking_id
    )
    ready = and_(LEASE.open, row.next_attempt_at_ms <= clock_ms())
    query = select(outbox, LEASE.open.label("free"), ready.label("ready")).join(
        me, me.c.id == outbox_id
    )
    mine = query.where(or_(row.id == outbox_id, mails, calendar, callbacks), unknown_rows.known())
    chosen = mine.order_by(row.id)
    return list(tx.execute(chosen.with_for_update(of=outbox)).all())


def _ending(mine: Row[Any], queue: Sequence[Row[Any]]) -> Ending:
    """What the rule of domain.mail.endings says of this row. `queue` is as it was before anything
    was superseded.
    """
    if mine.kind != "mail" or mine.topic not in ENDS:
        return "leaves"
    owed = {each.topic for each in queue}
    # Somebody who holds a row may have sent it, however long ago its lease ended.
    left = {each.topic for each in queue if each.state in ("sent", "sending") or each.unsure}
    return ending(owed, left)


def _supersede(tx: Connection, rows: Sequence[Row[Any]], reason: Reason, error: str) -> None:
    # A row whose holder vanished may have been sent: that must not be forgotten, a cancellation
    # depends on it.
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
    found = tx.execute(
        statement.returning(*(row[item.name] for item in fields(DeliveryClaim)))
    ).one()
    return DeliveryClaim(*found)
