"""Calendars into which a write of ours may still land: each is looked at until none can any more.

A row stands from before a write until it is known that it was done, or refused. So a worker that
dies, an answer that never comes and a write that is accepted and not seen all leave it, and a write
that went well leaves none. While it stands, looks are owed: a calendar row of the outbox each,
which compares what stands there with the session as it is then. A new write begins the looks anew;
what was looked at last, and was right, is over.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from domain.event_differences import Times
from storage.rows import outbox, outbox_claims
from storage.rows.calendars import TargetCalendar
from storage.rows.outbox_claims import Wake
from storage.schema import records
from storage.schema.leases import to_change
from storage.schema.tables import calendars, connections, event_looks, profiles, sessions
from storage.schema.tables import outbox as outbox_rows
from storage.transactions.write_back import owed_row

LOOK = "look"
"""The topic of the outbox rows."""
LINK = "link"
"""Instead of a write's token: its end is known, and only a link of the event is waited for."""
# Cronofy answers 202 to a write, which is no proof of it, and says nothing when it fails later: a
# provider that is down for a night is written to in the morning.
AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 6 * 60, 24 * 60))
KEPT = timedelta(days=60)

row = event_looks.c


@dataclass(frozen=True, slots=True)
class Look:
    """One that is owed. `token`: of the last write; a later one takes it away. `deletes`: a
    deletion may be what is still to land, so that what is missing is to be put back. `may_bring`,
    `late`: where one of the writes may bring it; None: anywhere.
    """

    session_id: str
    calendar_id: str
    connection_id: str
    since: datetime
    token: str
    deletes: bool
    may_bring: list[list[int]] | None

    @property
    def late(self) -> frozenset[Times] | None:
        return times_of(self.may_bring)


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that is about to be made. `alone`: no earlier one may land there."""

    session_id: str
    calendar_id: str
    token: str
    alone: bool


def begin(
    tx: Connection,
    session_id: str,
    place: TargetCalendar,
    *,
    deletes: bool,
    now: datetime,
    brings: Times | None = None,
) -> Begun | None:
    """Owe looks from now on. `brings`: the times that are written; None: nobody knows what stands
    there, or a deletion, which brings nothing. None: the session is gone, or the account is or is
    being erased.
    """
    # In the order of an erasure, which has the sessions before
    # it takes the connection: no deadlock.
    session = to_change(select(sessions.c.id).where(sessions.c.id == session_id))
    account = and_(connections.c.id == place.connection_id, connections.c.erase_due.is_(False))
    # PostgreSQL's weakest lock: the account cannot be deleted meanwhile,
    # and can be read and renewed.
    standing = select(connections.c.id).where(account).with_for_update(read=True, key_share=True)
    if tx.execute(session).first() is None or tx.execute(standing).first() is None:
        return None
    token = secrets.token_hex(8)
    anew: dict[str, Any] = {"since": now, "next_look_at": now + AFTER[0], "token": token}
    if deletes:
        anew["deletes"] = True
    mine = and_(row.session_id == session_id, row.calendar_id == place.calendar_id)
    # A write whose end is known cannot land later.
    tx.execute(event_looks.delete().where(mine, row.token == LINK))
    earlier = tx.execute(select(row.may_bring).where(mine)).first()
    alone = earlier is None
    may_bring = _may_bring(earlier, brings, deletes=deletes)
    anew["may_bring"] = may_bring
    if not alone:
        tx.execute(event_looks.update().where(mine).values(anew))
    else:
        whose = {
            "session_id": session_id,
            "calendar_id": place.calendar_id,
            "connection_id": place.connection_id,
        }
        tx.execute(event_looks.insert().values(whose | anew))
    return Begun(session_id, place.calendar_id, token, alone)


def _may_bring(
    earlier: Row[Any] | None, brings: Times | None, *, deletes: bool
) -> list[list[int]] | None:
    """Where an earlier write, or this one, may bring the event; None: anywhere."""
    known: list[list[int]] | None = []
    if earlier is not None:
        known = earlier.may_bring
    if known is None or (brings is None and not deletes):
        return None
    if brings is None or list(brings) in known:
        return known
    return [*known, list(brings)]


def times_of(may_bring: list[list[int]] | None) -> frozenset[Times] | None:
    """As it is stored; None: any."""
    if may_bring is None:
        return None
    return frozenset((starts, ends) for starts, ends in may_bring)


def settle(tx: Connection, begun: Begun, *, for_link: bool = False) -> None:
    """The write was done, or refused: no look is owed for it. One for an earlier write stays.
    `for_link`: they go on until a link is found.
    """
    # If an earlier write may still land there, that this one is done says nothing about it.
    if not begun.alone:
        return
    known = and_(
        row.session_id == begun.session_id,
        row.calendar_id == begun.calendar_id,
        row.token == begun.token,
    )
    if for_link:
        tx.execute(event_looks.update().where(known).values(token=LINK, may_bring=[]))
    else:
        tx.execute(event_looks.delete().where(known))


def end_for_link(tx: Connection, session_id: str) -> None:
    """The link was found: what only waited for it is over."""
    tx.execute(event_looks.delete().where(row.session_id == session_id, row.token == LINK))


def of_session(tx: Connection, session_id: str) -> tuple[Look, ...]:
    query = select(
        row.session_id,
        row.calendar_id,
        row.connection_id,
        row.since,
        row.token,
        row.deletes,
        row.may_bring,
    )
    mine = query.where(row.session_id == session_id).order_by(row.calendar_id)
    return tuple(records.all_as(tx, Look, mine))


def looked(tx: Connection, look: Look, *, at: datetime) -> None:
    """What stands there was right at this moment. Not counted when a write has begun meanwhile."""
    mine = and_(
        row.session_id == look.session_id,
        row.calendar_id == look.calendar_id,
        row.token == look.token,
    )
    to_come = [after for after in AFTER if look.since + after > at]
    if to_come:
        tx.execute(event_looks.update().where(mine).values(next_look_at=look.since + to_come[0]))
    else:
        tx.execute(event_looks.delete().where(mine))


def owe_due(tx: Connection, *, now: datetime, limit: int) -> list[Wake]:
    """Owe the looks whose time has come, the longest due first. Answers what to wake."""
    return _owe(tx, row.next_look_at <= now, now=now, limit=limit)


def owe_with_read(tx: Connection, connection_id: str, *, now: datetime) -> list[Wake]:
    """The account was read: owe every look at its calendars, but for those that only wait for a
    link, which this same read has shown if it is there. Nobody has to be woken, the sweeper does
    that.
    """
    here = and_(row.connection_id == connection_id, row.token != LINK)
    return _owe(tx, here, now=now, limit=100)


def _owe(tx: Connection, chosen: ColumnElement[bool], *, now: datetime, limit: int) -> list[Wake]:
    """A row each, but for sessions that have one to be delivered yet: that brings them up to date,
    or is a look. One that is dead is a person's to requeue: another would be refused like it, again
    and again.

    A calendar that cannot be reached, or not be written, is owed the look until it can: not seen is
    not right.
    """
    listed = and_(calendars.c.connection_id == row.connection_id, calendars.c.id == row.calendar_id)
    profile = and_(
        profiles.c.connection_id == calendars.c.connection_id,
        profiles.c.id == calendars.c.profile_id,
    )
    alive = and_(
        func.coalesce(connections.c.trouble, "") != "revoked", connections.c.erase_due.is_(False)
    )
    usable = and_(
        profiles.c.connected, calendars.c.readonly.is_(False), calendars.c.deleted.is_(False), alive
    )
    mine = and_(outbox_rows.c.session_id == row.session_id, outbox_rows.c.kind == "calendar")
    refused = and_(outbox_rows.c.topic == LOOK, outbox_rows.c.state == "dead")
    busy = exists(
        select(outbox_rows.c.id).where(
            mine, or_(outbox_rows.c.state.in_(outbox_claims.OPEN), refused)
        )
    )
    query = (
        select(sessions.c.coach_id, sessions.c.id, sessions.c.version)
        .select_from(event_looks)
        .join(sessions, sessions.c.id == row.session_id)
        .join(connections, connections.c.id == row.connection_id)
        .join(calendars, listed)
        .join(profiles, profile)
        .where(chosen, usable, ~busy)
        .group_by(sessions.c.coach_id, sessions.c.id, sessions.c.version)
        .order_by(func.min(row.next_look_at), sessions.c.id)
    )
    owed = []
    for coach_id, session_id, version in tx.execute(query.limit(limit)).all():
        key = f"{session_id}:{LOOK}:{secrets.token_hex(8)}"
        owed.append(owed_row(coach_id, session_id, version, key, now, topic=LOOK))
    return outbox.add(tx, owed, now=now)


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many looks were given up, whose calendars could not be reached for longer than anybody
    waits, and how many rows of the outbox were dropped that looked and are done.
    """
    owed = outbox_rows.c
    done = and_(owed.kind == "calendar", owed.topic == LOOK, owed.state.in_(("sent", "superseded")))
    ended = tx.execute(outbox_rows.delete().where(done, owed.due_at < now - AFTER[-1])).rowcount
    return ended + tx.execute(event_looks.delete().where(row.since < now - KEPT)).rowcount
