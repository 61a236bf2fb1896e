"""The outbox: what is owed to the world, a row each, written in the transaction of the change that
owes it.

              claim                 it was accepted
    pending ---------->  sending  ------------------->  sent
      ^  ^               |  |  |
      |  |   give_back   |  |  |   tried for too long, or refused for good
      |  +---------------+  |  +-------------------->  dead
      |                     |                           (a person may requeue it: pending)
      |                     |   a token of its text has no value
      |                     +----------->  waiting_for_text  --claim-->  sending
      |                     |
      |  the address is     |   its mailbox does not exist
      |  taken off the list +----------->  withheld
      +------------------------------------+

    superseded: from any of them but `sent`, as soon as it is not to be sent any more (its `reason`)

    pending      owed; claimable once due and not before `next_attempt_at_ms`
    sending      somebody holds its lease (storage.schema.leases); once that is over anybody may
                 claim it, and nobody knows whether it was sent: `unsure` counts that
    waiting_for_text    a mail whose text has to be corrected first, which frees it at once; looked
                        at each hour
    withheld     claimed by nobody (see storage.rows.withheld_addresses)

The mails of one booking to one recipient, the calendar rows of one session, and the callbacks about
one thing are a queue: they leave in order, a newer version makes an unsent older one superfluous
(but for the callbacks of bookings: each of them counts), and the queue is locked whole while a row
of it is claimed. Leases and wake-ups compare the database's clock; when a row is due, the
product's.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, select

from storage.rows import pauses, unknown_rows
from storage.rows.outbox_claims import (
    DUE_NOW,
    FIRST_WAKE_MS,
    IS_OPEN,
    LEASE,
    NEXT_WAKE_MS,
    WAITING,
    DeliveryClaim,
    Reason,
    Wake,
    row,
    wakes,
)
from storage.schema import records
from storage.schema.database import insert
from storage.schema.database_clock import clock_ms
from storage.schema.leases import taking
from storage.schema.tables import outbox

Trouble = Literal["away", "refused", "unlinked", "paused"]
"""Why a row waits that is not its own fault: where it goes to answers nobody (the mail server, an
endpoint, Cronofy), or refuses us; the coach has to link the calendar again that a session is
written into; somebody paused its endpoint.
"""


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
    endpoint_id: str | None = None
    event_id: str | None = None


def add(tx: Connection, rows: Sequence[Owed], *, now: datetime) -> list[Wake]:
    """Write these rows, but for those whose dedupe_key is there.
    Answers the new ones that are due.
    """
    if not rows:
        return []
    values = []
    for owed in rows:
        more = {"id": "out_" + secrets.token_hex(12), "created_at": now}
        values.append(records.values_of(owed) | more)
    # Two transactions that owe the same at once: the second waits for the first, and writes none.
    added = insert(tx, outbox).values(wake_after_ms=clock_ms() + FIRST_WAKE_MS)
    statement = added.on_conflict_do_nothing(index_elements=["dedupe_key"])
    # Compared as given: what is stored is rounded to milliseconds, and may lie after `now`.
    due = {owed.dedupe_key for owed in rows if owed.due_at <= now}
    written = tx.execute(statement.returning(row.id, row.kind, row.dedupe_key), values)
    return [(found.id, found.kind) for found in written if found.dedupe_key in due]


def sent(tx: Connection, claimed: DeliveryClaim, *, now: datetime) -> bool:
    """Record that it was accepted. False, here and below:
    the lease was lost, and nothing is written.
    """
    return _finish(tx, claimed, state="sent", sent_at=now, last_error=None)


def dead(tx: Connection, claimed: DeliveryClaim, *, error: str) -> bool:
    return _finish(tx, claimed, state="dead", last_error=error)


def superseded(tx: Connection, claimed: DeliveryClaim, *, reason: Reason, error: str) -> bool:
    return _finish(tx, claimed, state="superseded", reason=reason, last_error=error)


def give_back(
    tx: Connection,
    claimed: DeliveryClaim,
    *,
    error: str,
    retry_in_ms: int,
    unsure: bool = False,
    trouble: Trouble | None = None,
    tried: bool = True,
) -> bool:
    """Still owed. `unsure`: the other side may have taken it all the same. `tried` False: it was
    not asked, which counts as no attempt, and what is known of its trouble stays.
    """
    values = {**_again(retry_in_ms), "unsure": row.unsure + int(unsure), "trouble": trouble}
    if not tried:
        values |= {"attempts": row.attempts - 1, "trouble": row.trouble}
    return _finish(tx, claimed, state="pending", last_error=error, **values)


def wait_for_text(tx: Connection, claimed: DeliveryClaim, *, error: str, retry_in_ms: int) -> bool:
    """Still owed, once its text is corrected."""
    return _finish(tx, claimed, state="waiting_for_text", last_error=error, **_again(retry_in_ms))


def withhold(tx: Connection, claimed: DeliveryClaim, *, error: str) -> bool:
    """Still owed, and nobody may claim it.
    See storage.rows.withheld_addresses for who makes it pending again.
    """
    return _finish(tx, claimed, state="withheld", last_error=error)


def after_ms(in_ms: int) -> ColumnElement[int]:
    """What `next_attempt_at_ms` is of a row that waits for so long."""
    return clock_ms() + in_ms


def _again(in_ms: int) -> dict[str, Any]:
    later = clock_ms() + in_ms
    return {"next_attempt_at_ms": later, "wake_after_ms": later}


def _finish(tx: Connection, claimed: DeliveryClaim, **values: Any) -> bool:
    # The race: a sender sleeps past its lease, another takes the row over, the first wakes up and
    # writes how its own attempt ended. Its token is gone by then, so it changes no row.
    mine = and_(row.id == claimed.id, LEASE.by(claimed.lease_token))
    ended = LEASE.end() | {"trouble": None, "failing_since_ms": _since(values["last_error"])}
    return tx.execute(outbox.update().where(mine).values(ended | values)).rowcount == 1


def _since(error: str | None) -> ColumnElement[int] | None:
    """Since when it fails with this error."""
    if error is None:
        return None
    now = clock_ms()
    return case((row.last_error == error, func.coalesce(row.failing_since_ms, now)), else_=now)


def followers(tx: Connection, claimed: DeliveryClaim, *, now: datetime) -> list[Wake]:
    """The rows of its queue that are due and may have waited for this one."""
    queues = {
        "mail": and_(row.booking_id == claimed.booking_id, row.recipient == claimed.recipient),
        "calendar": row.session_id == claimed.session_id,
        "callback": and_(
            row.booking_id == claimed.booking_id,
            row.endpoint_id.is_not_distinct_from(claimed.endpoint_id),
        ),
    }
    due = and_(row.state.in_(WAITING), row.due_at <= now, row.next_attempt_at_ms <= clock_ms())
    behind = and_(
        row.kind == claimed.kind,
        queues[claimed.kind],
        row.id != claimed.id,
        unknown_rows.known(),
        due,
    )
    return wakes(tx, select(row.id, row.kind).where(behind))


def waits(now: datetime) -> ColumnElement[bool]:
    """Somebody may deliver it now, and nobody does."""
    free = and_(IS_OPEN, LEASE.open, row.due_at <= now, row.next_attempt_at_ms <= clock_ms())
    return and_(free, ~pauses.covers())


def to_sweep(tx: Connection, *, now: datetime) -> bool:
    """Whether `sweep` would find any, asked without a lock."""
    return tx.scalar(_unwoken(now).limit(1)) is not None


def sweep(
    tx: Connection,
    *,
    now: datetime,
    idle: Collection[str] = (),
    full: Collection[str] = (),
    limit: int = 500,
) -> list[Wake]:
    """What is due and nobody was woken for lately. One caller gets each.
    `idle`: the kinds of which no wake-up waits in a queue; `full`: those that are left alone,
    because too many wait.
    """
    mine = _unwoken(now).where(row.kind.not_in(full))
    waiting = mine.order_by(row.wake_after_ms).limit(limit)
    pause = case((row.kind.in_(idle), FIRST_WAKE_MS), else_=NEXT_WAKE_MS)
    later = taking(outbox, waiting).values(wake_after_ms=clock_ms() + pause)
    return wakes(tx, later.returning(row.id, row.kind))


def _unwoken(now: datetime) -> Select[tuple[str]]:
    return select(row.id).where(waits(now), row.wake_after_ms <= clock_ms())


def not_woken(tx: Connection, outbox_ids: Sequence[str]) -> None:
    """These were swept, and nobody could be woken: the next sweep takes them again."""
    statement = outbox.update().where(row.id.in_(outbox_ids), IS_OPEN, LEASE.open)
    tx.execute(statement.values(wake_after_ms=clock_ms()))


def free_held(tx: Connection, *, coach_id: str | None = None) -> list[Wake]:
    """A text, or a coach's name, was changed: the mails that waited for that are due now."""
    waiting: list[ColumnElement[bool]] = [row.state == "waiting_for_text"]
    if coach_id is not None:
        waiting.append(row.coach_id == coach_id)
    freed = outbox.update().where(*waiting).values(DUE_NOW)
    return wakes(tx, freed.returning(row.id, row.kind))


def of_booking(tx: Connection, booking_id: str) -> list[Row[Any]]:
    """The mails of a booking as they stand, the oldest first."""
    query = select(outbox).where(row.kind == "mail", row.booking_id == booking_id)
    return list(tx.execute(query.order_by(row.version, row.due_at, row.created_at, row.id)))
