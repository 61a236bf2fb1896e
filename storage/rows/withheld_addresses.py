"""Addresses whose mailbox does not exist, as a mail server said, and the mails that wait for one.

The mail that met such a reply, and each later one to the same address, is `withheld`. It leaves
that state

    when somebody takes the address off, or its 30 days end    what is still true is pending again
    when it is not true any more: its session is over, moved or cancelled    superseded
    when a newer mail of its queue has its turn    superseded, as ever (storage.rows.outbox)

Ops are told ids, reasons and replies, and never the address.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    null,
    or_,
    select,
    true,
)

from domain.mail import Role
from domain.mail.endings import REQUESTS
from domain.mail.safety import mail_address
from storage.rows import outbox as queue
from storage.rows.outbox_claims import DUE_NOW, DeliveryClaim, Reason, Wake, wakes
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import bookings, outbox, sessions, withheld_addresses

KEPT = timedelta(days=30)
MOST = 200
# What is said of a time to come. A missed session is over by its nature,
# and a cancellation stays true.
OF_A_COMING_TIME = (*REQUESTS, "reminder", "wall_moved")

row = outbox.c
listed = withheld_addresses.c


@dataclass(frozen=True, slots=True)
class Withheld:
    """`outbox_id`: the mail that met the reply; role, coach and booking are of that mail, None once
    it is gone.
    `waiting`: how many mails wait for the address.
    """

    id: str | None
    reason: str
    reply: str | None
    since: datetime
    outbox_id: str | None
    role: Role | None
    coach_id: str | None
    booking_id: str | None
    waiting: int

    @property
    def until(self) -> datetime:
        return self.since + KEPT

    @property
    def next_step(self) -> str:
        """For whoever wants a mail to it sent again."""
        named = self.id or "its address"
        return (
            f"its address is withheld since {self.since:%Y-%m-%d} ({self.reply or self.reason}):"
            " take it off first, "
            f"with coachcal withheld release {named}, or in /ops under Withheld; then requeue it"
        )


@dataclass(frozen=True, slots=True)
class Released:
    """What became of the mails that waited: `wake` for those that leave;
    the others were superseded.
    """

    id: str
    wake: list[Wake]
    superseded: int


def reason(tx: Connection, address: str) -> str | None:
    """Why nothing is sent to this address; None: it is."""
    return tx.scalar(select(listed.reason).where(listed.address == address))


def refused(tx: Connection, mail: DeliveryClaim, *, reason: str, reply: str, now: datetime) -> bool:
    """A server said that this mail's mailbox does not exist.
    False: the lease was lost, and nothing is written.
    """
    if not queue.withhold(tx, mail, error=reason):
        return False
    values = {"id": _new_id(), "reason": reason, "reply": reply, "outbox_id": mail.id, "since": now}
    added = insert(tx, withheld_addresses).values(address=mail.recipient, **values)
    # The update changes nothing but a missing id. It locks the row: whoever releases the address at
    # this moment waits for us, and frees this mail too.
    known = {"id": func.coalesce(listed.id, added.excluded.id)}
    tx.execute(added.on_conflict_do_update(index_elements=["address"], set_=known))
    return True


def keep(tx: Connection, mail: DeliveryClaim, *, error: str) -> bool:
    """Withhold one more mail to an address on the list. False: the lease was lost.

    The address may have been released since the sender looked: then nobody would ever free this
    mail.
    """
    query = select(listed.address).where(listed.address == mail.recipient).with_for_update()
    if tx.execute(query).first() is None:
        return queue.give_back(tx, mail, error=error, retry_in_ms=0)
    return queue.withhold(tx, mail, error=error)


def find_all(tx: Connection, *, limit: int = MOST) -> list[Withheld]:
    """Those on the list, the latest first."""
    return _find(tx, true(), limit)


def of_message(tx: Connection, outbox_id: str) -> Withheld | None:
    """The address that a mail would go to, when it is on the list."""
    mine = select(row.recipient).where(row.id == outbox_id).scalar_subquery()
    return next(iter(_find(tx, listed.address == mine, 1)), None)


def release(tx: Connection, which: str, *, now: datetime) -> Released | None:
    """Take an address off, named by its id or by itself. None: it is not on the list.

    Raises domain.errors.Invalid for what has an @ and is no address.
    """
    mine = listed.id == which
    if "@" in which:
        mine = listed.address == mail_address("address", which)
    gone = tx.execute(withheld_addresses.delete().where(mine).returning(listed.id)).first()
    if gone is None:
        return None
    # Only now: a mail that was withheld while we waited for the row of its address is freed too.
    superseded, wake = _settle(tx, now)
    return Released(gone.id or "wad_unknown", wake, superseded)


def release_of(
    tx: Connection, outbox_ids: Collection[str], *, now: datetime
) -> tuple[list[Wake], int]:
    """Take the addresses of these mails off. Whom to wake for, and how many mails left that state:
    others to the same addresses do, too.
    """
    _take_off(tx, listed.address.in_(select(row.recipient).where(row.id.in_(outbox_ids))))
    superseded, wake = _settle(tx, now)
    return wake, superseded + len(wake)


def drop_old(tx: Connection, *, now: datetime) -> int:
    """End what is 30 days old, and the mails that are not true any more.
    The sweep wakes for those that leave.
    """
    gone = _take_off(tx, listed.since <= now - KEPT)
    # The release before wrote rows without an id. One update for all would give all the same one.
    for found in tx.execute(select(listed.address).where(listed.id.is_(None))).all():
        tx.execute(
            withheld_addresses.update().where(listed.address == found.address).values(id=_new_id())
        )
    superseded, _ = _settle(tx, now)
    return gone + superseded


def _take_off(tx: Connection, which: ColumnElement[bool]) -> int:
    """How many they were."""
    # The race: two that release some of the same addresses. Addresses are locked before the mails
    # that wait for them, and in their order: so neither has what the other one waits for.
    query = select(listed.address).where(which).order_by(listed.address).with_for_update()
    taken = list(tx.scalars(query))
    return tx.execute(withheld_addresses.delete().where(listed.address.in_(taken))).rowcount


def _settle(tx: Connection, now: datetime) -> tuple[int, list[Wake]]:
    """End what is not true any more, and free what is withheld
    for an address that is on no list.
    """
    withheld = row.state == "withheld"
    ended = 0
    for error, (reason, untrue) in _untrue(now).items():
        done = outbox.update().where(withheld, untrue)
        done = done.values(state="superseded", reason=reason, last_error=error)
        ended += tx.execute(done).rowcount
    unlisted = ~exists().where(listed.address == row.recipient)
    # Due now: it is owed anew, and gets as long to be taken as any other (workers.delivery.mails).
    again = DUE_NOW | {"state": "pending", "attempts": 0, "last_error": None, "due_at": now}
    freed = outbox.update().where(withheld, unlisted).values(again)
    return ended, wakes(tx, freed.returning(row.id, row.kind))


def _untrue(now: datetime) -> dict[str, tuple[Reason, ColumnElement[bool]]]:
    """Why a mail need not leave any more, in words -> as a reason, and which."""
    coming = row.topic.in_(OF_A_COMING_TIME)
    past = exists().where(sessions.c.id == row.session_id, sessions.c.ends <= int(now.timestamp()))
    booking = bookings.c.id == row.booking_id
    newer = exists().where(booking, bookings.c.version > row.version)
    ended = exists().where(booking, bookings.c.status != "booked")
    return {
        "its session is over": ("too_late", and_(coming, past)),
        "the booking has changed since": ("newer", or_(newer, and_(coming, ended))),
    }


def _find(tx: Connection, chosen: ColumnElement[bool], limit: int) -> list[Withheld]:
    theirs = outbox.alias("theirs")
    waits = and_(theirs.c.state == "withheld", theirs.c.recipient == listed.address)
    made: dict[str, ColumnElement[Any]] = {
        "role": row.payload[("recipient", "role")].as_string(),
        "coach_id": row.coach_id,
        "booking_id": row.booking_id,
        "waiting": select(func.count()).select_from(theirs).where(waits).scalar_subquery(),
    }
    columns = [made.get(item.name, listed.get(item.name, null())) for item in fields(Withheld)]
    joined = withheld_addresses.outerjoin(outbox, row.id == listed.outbox_id)
    query: Select[Any] = select(*columns).select_from(joined).where(chosen)
    latest = query.order_by(listed.since.desc(), listed.id).limit(limit)
    return records.all_as(tx, Withheld, latest)


def _new_id() -> str:
    return "wad_" + secrets.token_hex(8)
