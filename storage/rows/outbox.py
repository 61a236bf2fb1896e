"""The outbox: what is owed to the world, a row each, written in the transaction of the change that
owes it.

    pending      owed; claimable once due and not before `next_attempt_at_ms`
    sending      somebody holds its lease (storage.schema.leases); once that is over nobody knows
                 whether it was sent
    waiting_for_text    a mail whose text has to be corrected first, which frees it at once; looked
                        at each hour
    withheld     a mail to a mailbox that does not exist; claimed by nobody (see
                 storage.rows.withheld_addresses)
    sent, dead, superseded    the ends

The mails of one booking to one recipient, the calendar rows of one session, and the callbacks about
one thing are a queue: they leave in order, a newer version makes an unsent older one superfluous
(but for the callbacks of bookings: each of them counts), and the queue is locked whole while a row
of it is claimed. Leases and wake-ups compare the database's clock; when a row is due, the
product's.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select

from domain import events
from domain.mail.endings import ENDS, Ending, ending
from storage.rows import unknown_rows
from storage.schema.database import clock_ms, insert
from storage.schema.leases import Lease
from storage.schema.tables import outbox

FIRST_WAKE_MS = 2_000
NEXT_WAKE_MS = 10_000
OPEN = ("pending", "sending", "waiting_for_text")
UNSENT = (*OPEN, "withheld")

row = outbox.c
LEASE = Lease(row.lease_token, row.lease_until_ms)
# Rows of another release are left alone: they stand in no queue, and nobody waits for them.
_open = and_(row.state.in_(OPEN), unknown_rows.known())
_lapsed = case((row.state == "sending", row.unsure + 1), else_=row.unsure)

Reason = Literal["newer", "never_announced", "switched_off", "discarded", "too_late"]
"""Why a row was superseded: something newer is true; its reader never heard of what it ends;
somebody switched such mails off; somebody gave it up; what it is about has begun or is over.
"""
Trouble = Literal["away", "refused"]
"""Why a mail waits that is not its own fault: the mail server answers nobody, or refuses us."""

Wake = tuple[str, str]
"""An outbox id and its kind: which queue to wake."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A row to write. `dedupe_key`: a second row of the same key is not written."""

    kind: str
    topic: str
    dedupe_key: str
    version: int
    due_at: datetime
    payload: dict[str, Any] = field(default_factory=dict, repr=False)
    coach_id: str | None = None
    session_id: str | None = None
    booking_id: str | None = None
    recipient: str | None = field(default=None, repr=False)
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
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


def add(tx: Connection, rows: Sequence[Owed], *, now: datetime) -> list[Wake]:
    """Write these rows, but for those whose dedupe_key is there. Answers the new ones
    that are due.
    """
    if not rows:
        return []
    more = {"created_at": now, "wake_after_ms": clock_ms() + FIRST_WAKE_MS}
    values = [
        {item.name: getattr(owed, item.name) for item in fields(Owed)}
        | more
        | {"id": "out_" + secrets.token_hex(12)}
        for owed in rows
    ]
    statement = (
        insert(tx, outbox).values(values).on_conflict_do_nothing(index_elements=["dedupe_key"])
    )
    # Compared as given: what is stored is rounded to milliseconds, and may lie after `now`.
    due = {owed.dedupe_key for owed in rows if owed.due_at <= now}
    written = tx.execute(statement.returning(row.id, row.kind, row.dedupe_key))
    return [(found.id, found.kind) for found in written if found.dedupe_key in due]


def claim(tx: Connection, outbox_id: str, *, lease_ms: int, now: datetime) -> Claim | None:
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


def _lease(tx: Connection, outbox_id: str, lease_ms: int) -> Claim:
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
    found = tx.execute(statement.returning(*(row[item.name] for item in fields(Claim)))).one()
    return Claim(*found)


def sent(tx: Connection, held: Claim, *, now: datetime) -> bool:
    """Record that it was accepted. False, here and below: the lease was lost, and nothing is
    written.
    """
    return _finish(tx, held, state="sent", sent_at=now, last_error=None)


def dead(tx: Connection, held: Claim, *, error: str) -> bool:
    return _finish(tx, held, state="dead", last_error=error)


def superseded(tx: Connection, held: Claim, *, reason: Reason, error: str) -> bool:
    return _finish(tx, held, state="superseded", reason=reason, last_error=error)


def give_back(
    tx: Connection,
    held: Claim,
    *,
    error: str,
    retry_in_ms: int,
    unsure: bool = False,
    trouble: Trouble | None = None,
) -> bool:
    """Still owed. `unsure`: the other side may have taken it all the same."""
    values = {**_again(retry_in_ms), "unsure": row.unsure + int(unsure), "trouble": trouble}
    return _finish(tx, held, state="pending", last_error=error, **values)


def wait_for_text(tx: Connection, held: Claim, *, error: str, retry_in_ms: int) -> bool:
    """Still owed, once its text is corrected."""
    return _finish(tx, held, state="waiting_for_text", last_error=error, **_again(retry_in_ms))


def withhold(tx: Connection, held: Claim, *, error: str) -> bool:
    """Still owed, and nobody may claim it. See storage.rows.withheld_addresses for who makes it
    pending again.
    """
    return _finish(tx, held, state="withheld", last_error=error)


def _again(in_ms: int) -> dict[str, Any]:
    later = clock_ms() + in_ms
    return {"next_attempt_at_ms": later, "wake_after_ms": later}


def _finish(tx: Connection, held: Claim, **values: Any) -> bool:
    ended = LEASE.end() | {"trouble": None}
    done = (
        outbox.update().where(row.id == held.id, LEASE.by(held.lease_token)).values(ended | values)
    )
    return tx.execute(done).rowcount == 1


def followers(tx: Connection, held: Claim, *, now: datetime) -> list[Wake]:
    """The rows of its queue that are due and may have waited for this one."""
    queues = {
        "mail": and_(row.booking_id == held.booking_id, row.recipient == held.recipient),
        "calendar": row.session_id == held.session_id,
        "callback": row.booking_id == held.booking_id,
    }
    waits = row.state.in_(("pending", "waiting_for_text"))
    due = and_(waits, row.due_at <= now, row.next_attempt_at_ms <= clock_ms())
    behind = and_(
        row.kind == held.kind, queues[held.kind], row.id != held.id, unknown_rows.known(), due
    )
    return [(found.id, found.kind) for found in tx.execute(select(row.id, row.kind).where(behind))]


def waits(now: datetime) -> ColumnElement[bool]:
    """Somebody may deliver it now, and nobody does."""
    return and_(_open, LEASE.open, row.due_at <= now, row.next_attempt_at_ms <= clock_ms())


def sweep(tx: Connection, *, now: datetime, limit: int = 500) -> list[Wake]:
    """What is due and nobody was woken for lately. One caller gets each."""
    waiting = (
        select(row.id)
        .where(waits(now), row.wake_after_ms <= clock_ms())
        .order_by(row.wake_after_ms)
    )
    chosen = (
        waiting.limit(limit).with_for_update(skip_locked=True).cte("chosen")
    )  # see storage.rows.refresh_jobs for why a CTE
    statement = outbox.update().where(row.id.in_(select(chosen.c.id)))
    swept = statement.values(wake_after_ms=clock_ms() + NEXT_WAKE_MS).returning(row.id, row.kind)
    return [(found.id, found.kind) for found in tx.execute(swept)]


def free_held(tx: Connection, *, coach_id: str | None = None) -> list[Wake]:
    """A text, or a coach's name, was changed: the mails that waited for that are due now."""
    waiting: list[ColumnElement[bool]] = [row.state == "waiting_for_text"]
    if coach_id is not None:
        waiting.append(row.coach_id == coach_id)
    freed = (
        outbox.update()
        .where(*waiting)
        .values(next_attempt_at_ms=0, wake_after_ms=clock_ms() + FIRST_WAKE_MS)
    )
    return [(found.id, found.kind) for found in tx.execute(freed.returning(row.id, row.kind))]


def of_booking(tx: Connection, booking_id: str) -> list[Row[Any]]:
    """The mails of a booking as they stand, the oldest first."""
    query = select(outbox).where(row.kind == "mail", row.booking_id == booking_id)
    return list(tx.execute(query.order_by(row.version, row.due_at, row.created_at, row.id)))


def states(tx: Connection) -> dict[tuple[str, str], int]:
    """How many rows of each kind are in each state."""
    query = select(row.kind, row.state, func.count()).group_by(row.kind, row.state)
    return {(kind, state): count for kind, state, count in tx.execute(query)}
