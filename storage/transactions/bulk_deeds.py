"""One deed of ops for all rows of a cause: asked in one transaction, done in many small ones.

What matches is what failed so before it was counted: whoever decided saw that many, and a row that
fails alike meanwhile waits for a decision of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from domain.mail.safety import without_addresses
from storage.reports.causes import SharedError
from storage.rows import audit_log, bulk_deeds, outbox_batches, withheld_addresses
from storage.rows.audit_log import Deed
from storage.rows.bulk_deeds import Action, BulkDeed
from storage.rows.outbox_claims import Wake

AT_ONCE = 200

FITTING: dict[str, tuple[Action, ...]] = {
    "dead": ("requeue", "discard"),
    "pending": ("retry", "discard"),
    "waiting_for_text": ("retry", "discard"),
    "withheld": ("release", "discard"),
}
"""What can be done to the rows of a cause, by their state."""


class Unfitting(Exception):
    """This cannot be done to the rows of that cause; the message says what can."""


@dataclass(frozen=True, slots=True)
class DeedStep:
    """What one transaction did: `wake` senders for these once it is committed."""

    deed: BulkDeed
    wake: list[Wake]


def fitting(cause: SharedError) -> tuple[Action, ...]:
    """What can be done to its rows; nothing to reads: they are no messages."""
    if cause.kind == "read":
        return ()
    return FITTING.get(cause.state, ())


def ask(
    tx: Connection, cause: SharedError, action: Action, *, actor: str, seen_ms: int, now: datetime
) -> BulkDeed:
    """Write down that it is to be done. `seen_ms`: the database's clock when `cause` was shown.
    Raises Unfitting.
    """
    fits = fitting(cause)
    if action not in fits:
        can = ", ".join(fits) or "nothing"
        raise Unfitting(f"what is {cause.kind} {cause.state} takes: {can}")
    asked = BulkDeed(
        id=bulk_deeds.new_id(),
        action=action,
        kind=cause.kind,
        state=cause.state,
        error=cause.error,
        actor=actor,
        asked_at=now,
        seen_ms=seen_ms,
        total=cause.count,
    )
    bulk_deeds.add(tx, asked)
    told = f"{asked.id}: {cause.count} {cause.kind} {cause.state}, {cause.error}"
    audit_log.note(tx, Deed(now, actor, f"{action} all", cause.id, told))
    return asked


def advance(tx: Connection, *, now: datetime, deed_id: str | None = None) -> DeedStep | None:
    """Do the next few. None: nothing is to be done, or somebody else is at it."""
    deed = bulk_deeds.take(tx, deed_id)
    if deed is None:
        return None
    found = _next(tx, deed)
    mine = [each.id for each in found if without_addresses(each.last_error) == deed.error]
    wake, done = DOES[deed.action](tx, deed, mine, now)
    deed = replace(
        deed, done=deed.done + done, passed_over=deed.passed_over + max(0, len(mine) - done)
    )
    if len(found) < AT_ONCE:
        deed = replace(deed, ended_at=now)
    else:
        deed = replace(deed, after_id=found[-1].id)
    bulk_deeds.put(tx, deed)
    return DeedStep(deed, wake)


def stop(tx: Connection, deed_id: str, *, actor: str, now: datetime) -> bool:
    """What is done stays done, and the rest is left. False: it has ended already."""
    if not bulk_deeds.stop(tx, deed_id, actor=actor, now=now):
        return False
    audit_log.note(tx, Deed(now, actor, "stop", deed_id, "the rest is left as it is"))
    return True


def _next(tx: Connection, deed: BulkDeed) -> Sequence[Row[Any]]:
    # The race: whoever releases an address has locked it, and goes on to its mails. A release here
    # locks no mail before its address; its update looks at the state of each once more.
    lock = deed.action != "release"
    return outbox_batches.failing(
        tx,
        deed.kind,
        deed.state,
        deed.error,
        seen_ms=deed.seen_ms,
        after_id=deed.after_id,
        limit=AT_ONCE,
        lock=lock,
    )


def _requeue(
    tx: Connection, _deed: BulkDeed, ids: list[str], now: datetime
) -> tuple[list[Wake], int]:
    wake = outbox_batches.requeue(tx, ids, now=now)
    return wake, len(wake)


def _retry(
    tx: Connection, _deed: BulkDeed, ids: list[str], _now: datetime
) -> tuple[list[Wake], int]:
    wake = outbox_batches.retry(tx, ids)
    return wake, len(wake)


def _discard(
    tx: Connection, deed: BulkDeed, ids: list[str], _now: datetime
) -> tuple[list[Wake], int]:
    reason = f"discarded by a person, with {deed.id}"
    return [], outbox_batches.discard(tx, ids, reason=reason)


def _release(
    tx: Connection, _deed: BulkDeed, ids: list[str], now: datetime
) -> tuple[list[Wake], int]:
    return withheld_addresses.release_of(tx, ids, now=now)


DOES: dict[
    Action, Callable[[Connection, BulkDeed, list[str], datetime], tuple[list[Wake], int]]
] = {"requeue": _requeue, "discard": _discard, "retry": _retry, "release": _release}
"""Whom to wake for, and how many rows it did."""
