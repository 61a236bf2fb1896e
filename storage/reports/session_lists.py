"""Bookings, sessions and pods in pages, by what they are filtered by: in the order in which they
begin, or, of those changed since a moment, in the order in which they changed.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    literal_column,
    select,
    type_coerce,
)

from domain.sessions import Booking, Session
from storage.reports.lists import (
    Key,
    Page,
    SessionFilter,
    among,
    cut,
    flags,
    is_short,
    same,
    since_ms,
    with_held_mails,
)
from storage.rows import bookings as booking_rows
from storage.rows import sessions as session_rows
from storage.schema.tables import bookings, outbox, sessions

IS_POD = sessions.c.kind == literal_column("'pod'")
IS_SESSION = sessions.c.kind != literal_column("'hold'")


def bookings_page(
    tx: Connection, wanted: SessionFilter, after: Key | None, *, limit: int, now: datetime
) -> Page[tuple[Booking, Session]]:
    """Bookings, each with its session. What is asked of sessions is asked of each one's."""
    row = bookings.c
    asked = list(same(bookings, wanted))
    if wanted.participant_id is not None:
        asked.append(row.participant_id == wanted.participant_id)
    query, begins = select(bookings), row.starts
    if wanted.short_of_seats and wanted.changed_since is None:
        # The price: to find all that are short, and to sort their seats, costs 27 ms of a million
        # bookings. A seat begins when its session does: read by the index of the sessions that are
        # short, they come in order, and no more of them are read than a page holds.
        query, begins = query.join(sessions), sessions.c.starts
        asked.append(is_short(now))
        if after is not None:
            asked.append(begins >= after[0])
        wanted = replace(wanted, short_of_seats=None)
    for value, condition in flags(wanted, now):
        asked.append(among(row.session_id, select(sessions.c.id).where(condition), value=value))
    if wanted.held_mails is not None:
        asked.append(among(row.id, with_held_mails(outbox.c.booking_id), value=wanted.held_mails))
    order = _order(begins, type_coerce(row.changed_at, BigInteger), row.id, wanted, asked)
    found, last = cut(tx, query.where(*asked), order, after, limit)
    seats = list(map(booking_rows.of_row, found))
    theirs = session_rows.by_id(tx, list({each.session_id for each in seats}))
    items = []
    for each in seats:
        # The race: an erasure takes a session away between the two looks, and its bookings along.
        if each.session_id in theirs:
            items.append((each, theirs[each.session_id]))
    return Page(items, last)


def sessions_page(
    tx: Connection,
    wanted: SessionFilter,
    after: Key | None,
    *,
    limit: int,
    now: datetime,
    pods: bool = False,
) -> Page[tuple[Session, list[Booking]]]:
    """Sessions and pods, or pods alone, each with its seats, the oldest first; no holds."""
    row = sessions.c
    asked: list[ColumnElement[bool]] = [IS_SESSION, *same(sessions, wanted)]
    if pods:
        asked[0] = IS_POD
    if wanted.participant_id is not None:
        mine = bookings.c.participant_id == wanted.participant_id
        asked.append(row.id.in_(select(bookings.c.session_id).where(mine)))
    for value, condition in flags(wanted, now):
        if value:
            asked.append(condition)
        else:
            asked.append(row.id.not_in(select(row.id).where(condition).correlate(None)))
    if wanted.held_mails is not None:
        asked.append(among(row.id, with_held_mails(outbox.c.session_id), value=wanted.held_mails))
    order = _order(row.starts, row.changed_ms, row.id, wanted, asked)
    found, last = cut(tx, select(sessions).where(*asked), order, after, limit)
    seats = booking_rows.of_sessions(tx, [each.id for each in found])
    items = []
    for each in map(session_rows.of_row, found):
        items.append((each, seats[each.id]))
    return Page(items, last)


def _order(
    starts: ColumnElement[int],
    changed_ms: ColumnElement[int],
    name: ColumnElement[str],
    wanted: SessionFilter,
    asked: list[ColumnElement[bool]],
) -> tuple[ColumnElement[int], ColumnElement[str]]:
    if wanted.changed_since is None:
        return starts, name
    asked.append(changed_ms >= since_ms(wanted.changed_since))
    return changed_ms, name
