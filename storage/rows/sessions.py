"""Sessions, pods and holds as rows, and which of them occupy a coach.

    a 1:1 session, made with its booking       a pod

    booked                                     unbooked --the first seat is taken--> booked
      |                                            ^                                  |  |
      +--reported------------> completed           +-----the last is given back-------+  |
      +--reported------------> missed                                                    |
      |                (may be corrected)      completed, missed <-------reported--------+
      +--cancelled-----------> unbooked *
      +--cancelled too late--> missed *        disabled * <--called off-- either of the first two

    * not active any more

    a hold: there, until it is used, released, or its `expires_at` has passed; then the row is gone

What is `active` occupies its coach: nothing else of theirs may come closer than the buffers. What
is not active never is again.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, and_, case, or_, select

from domain import history
from domain.history import HistoryStep
from domain.places import Place
from domain.sessions import Context, Session, Unknown
from domain.slots import Own
from storage.rows import event_differences as difference_rows
from storage.schema import records
from storage.schema.columns import one_of
from storage.schema.history import note
from storage.schema.tables import event_differences, sessions

row = sessions.c
NAMES = tuple(field.name for field in fields(Session))
# By place, of a whole row: by name each costs ten times that, and lists have hundreds.
_OF_SESSION = itemgetter(*(list(row.keys()).index(name) for name in NAMES))
LEFT_LINKS = 8
"""How many of them are remembered: one event shows no more than the last few."""


def new_id() -> str:
    return "ses_" + secrets.token_hex(12)


def add(tx: Connection, session: Session) -> None:
    """Raises IntegrityError for one that comes too close to another:
    whoever asked `bookable.check` first never sees it.
    """
    tx.execute(sessions.insert().values(_values(session)))
    note(tx, history.of_session(None, session, session.created_at))


def put(tx: Connection, before: Session, session: Session, now: datetime) -> None:
    """Write all of it, as the caller read it `before` and changed it under the coach's lock;
    but for the flag and the link, which are not.
    """
    # The race: the clock flags a short pod without the coach's lock, after the caller read it and
    # before it writes; and so is a link stored. The flag is written by `flag_short` alone, the link
    # by whoever found it.
    values = _values(session)
    for name in ("flagged_at", "join_url"):
        del values[name]
    _end_difference(tx, session)
    # What is known to have stood in a calendar stood there at the time that it had.
    same = and_(row.starts == session.starts, row.ends == session.ends)
    values["event_stood_ms"] = case((same, row.event_stood_ms), else_=None)
    tx.execute(sessions.update().where(row.id == session.id).values(values))
    note(tx, history.of_session(before, session, now))


def leave_link(tx: Connection, before: Session, place: Place) -> None:
    """Forget the link: it was of another place. A late word of it finds nobody."""
    # The race: the event still shows the link when it is read before it is written anew, or before
    # the new link is assigned. By what is noted here that is known for the old one. Whoever comes
    # back to a place may well get its link again.
    left = tx.scalar(select(row.left_links).where(row.id == before.id)) or []
    if before.place is not None and before.join_link is not None:
        left = [*left, {"place": before.place.as_json(), "link": before.join_link}]
    kept = [each for each in left if each["place"] != place.as_json()]
    gone: dict[str, Any] = dict.fromkeys(
        ("join_url", "conferencing_state", "conferencing_address_hash")
    )
    gone["left_links"] = kept[-LEFT_LINKS:]
    tx.execute(sessions.update().where(row.id == before.id).values(gone))


def _end_difference(tx: Connection, session: Session) -> None:
    """What a coach did to the event is over once the session moves, or takes place no more."""
    differs = select(row.starts, row.ends).join(event_differences)
    before = tx.execute(differs.where(row.id == session.id)).first()
    if before is None:
        return
    if not session.active or tuple(before) != (session.starts, session.ends):
        difference_rows.settle(tx, session.id)


def get(tx: Connection, session_id: str, *, what: str = "session") -> Session:
    """Raises Unknown, with `what` was looked for.
    Holds are no sessions to anybody but their owner.
    """
    found = _one(tx, row.id == session_id, row.kind != "hold")
    if found is None:
        raise Unknown(what, session_id)
    if what == "pod" and not found.pod:
        raise Unknown(what, session_id)
    return found


def own(
    tx: Connection, coach_id: str, *, since: int, now: datetime, without: Sequence[str] = ()
) -> list[Own]:
    """What occupies the coach from `since` (epoch seconds) on:
    sessions, pods and holds, but for those `without`.
    """
    wanted = [
        row.coach_id == coach_id,
        row.ends > since,
        row.active,
        or_(row.expires_at.is_(None), row.expires_at > now),
    ]
    if without:
        wanted.append(row.id.not_in(without))
    occupied = select(row.starts, row.ends, row.gap, (row.kind == "hold").label("hold"))
    return records.all_as(tx, Own, occupied.where(*wanted))


def of_coach(tx: Connection, coach_id: str, since: int, until: int) -> list[Session]:
    """The sessions and pods that lie in [since, until), those called off too, in order."""
    inside = and_(
        row.coach_id == coach_id, row.kind != "hold", row.ends > since, row.starts < until
    )
    return read(tx, select(sessions).where(inside).order_by(row.starts, row.id))


def pods_within(
    tx: Connection,
    within: Context,
    since: int,
    until: int,
    *,
    coach_id: str | None = None,
    limit: int,
) -> list[Session]:
    """The pods of this company, project and cohort, wherever it names one, that begin in
    [since, until) and were not called off, in order.
    """
    wanted = [row.kind == "pod", row.active, row.starts >= since, row.starts < until]
    if coach_id is not None:
        wanted.append(row.coach_id == coach_id)
    for name in ("company", "project", "cohort"):
        if named := getattr(within, name):
            wanted.append(row.context[name].as_string() == named)
    query = select(sessions).where(*wanted).order_by(row.starts, row.id)
    return read(tx, query.limit(limit))


def of_group(tx: Connection, group_id: str | None) -> list[Session]:
    """A group's pods that were not called off, in the order in which they begin."""
    if group_id is None:
        return []
    mine = and_(row.group_id == group_id, row.active)
    return read(tx, select(sessions).where(mine).order_by(row.starts, row.id))


def coach_of(tx: Connection, session_id: str) -> str | None:
    found: str | None = tx.scalar(select(row.coach_id).where(row.id == session_id))
    return found


def coaches_of_groups(tx: Connection, group_ids: Collection[str]) -> list[str]:
    mine = and_(row.group_id.in_(group_ids), row.active)
    return list(tx.scalars(select(row.coach_id).where(mine).distinct()))


def by_id(tx: Connection, session_ids: Sequence[str]) -> dict[str, Session]:
    """Those of them that there are."""
    query = select(sessions).where(one_of(tx, row.id, session_ids))
    return {session.id: session for session in read(tx, query)}


def pods_with_seats(
    tx: Connection, coach_id: str, *, around: int, now: datetime, limit: int = 3
) -> list[Session]:
    """The coach's pods that have seats left and have not begun,
    those nearest to `around` (epoch seconds) first.
    """
    left = and_(row.coach_id == coach_id, row.kind == "pod", row.active, row.taken < row.capacity)
    query = select(sessions).where(left, row.starts > int(now.timestamp()))
    apart = case((row.starts > around, row.starts - around), else_=around - row.starts)
    return read(tx, query.order_by(apart, row.id).limit(limit))


def take_seat(tx: Connection, pod_id: str) -> bool:
    """One seat more, if there is one: the row itself decides, whoever else is asking."""
    # The race: two read that one seat is left, and both take it. Here the look and the taking are
    # one statement, and the second of two waits for the first one's row.
    return _count(tx, and_(row.id == pod_id, row.active, row.taken < row.capacity), 1)


def give_seat(tx: Connection, pod_id: str) -> bool:
    return _count(tx, row.id == pod_id, -1)


def flag_short(tx: Connection, *, now: datetime) -> list[str]:
    """Flag the pods that had too few participants at their deadline;
    each is answered once for each deadline.
    """
    unflagged = or_(row.flagged_at.is_(None), row.flagged_at < row.deadline)
    short = and_(
        row.kind == "pod", row.active, row.deadline <= now, row.taken < row.min_seats, unflagged
    )
    flagged = sessions.update().where(short).values(flagged_at=now)
    return _noted(tx, flagged, "short_of_seats", now)


def mark_conflicts(tx: Connection, session_ids: Sequence[str], *, since: datetime) -> None:
    """An external event lies over these from now on."""
    mark = sessions.update().where(row.id.in_(session_ids)).values(conflict_since=since)
    _noted(tx, mark, "conflict", since)


def end_conflicts(tx: Connection, session_ids: Sequence[str], *, now: datetime) -> None:
    end = sessions.update().where(row.id.in_(session_ids)).values(conflict_since=None)
    _noted(tx, end, "conflict_over", now)


def _noted(tx: Connection, changing: Update, what: str, now: datetime) -> list[str]:
    """The sessions that it changed, with a step of each in its history."""
    found = []
    for session_id, coach_id in tx.execute(changing.returning(row.id, row.coach_id)).all():
        note(tx, HistoryStep(now, what, coach_id, session_id))
        found.append(session_id)
    return found


def _count(tx: Connection, where: ColumnElement[bool], seats: int) -> bool:
    taken = row.taken + seats
    status = case((taken > 0, "booked"), else_="unbooked")
    counted = sessions.update().where(where).values(taken=taken, status=status)
    return tx.execute(counted).rowcount == 1


def _one(tx: Connection, *where: ColumnElement[bool]) -> Session | None:
    found = tx.execute(select(sessions).where(*where)).first()
    if found is None:
        return None
    return of_row(found)


def read(tx: Connection, query: Select[Any]) -> list[Session]:
    """The whole rows that are asked for, holds too."""
    return list(map(of_row, tx.execute(query).all()))


def of_row(found: Row[Any]) -> Session:
    values = dict(zip(NAMES, _OF_SESSION(found), strict=True))
    values |= {
        "context": Context.of_json(found.context),
        "active": bool(found.active),
        "place": Place.of_json(found.place),
    }
    return Session(**values)


def _values(session: Session) -> dict[str, Any]:
    place = session.place and session.place.as_json()
    return records.values_of(session) | {"context": session.context.as_json(), "place": place}
