"""Lists in pages: each begins where the one before ended, by the key of its last row.

Never by a number of rows to skip: page 9,000 then costs what the first one does, and what is added
or taken away meanwhile shifts nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    select,
    text,
    tuple_,
    union,
)

from storage.schema.columns import EPOCH
from storage.schema.list_indexes import IS_HELD, IS_SHORT
from storage.schema.session_tables import CONTEXT
from storage.schema.tables import bookings, sessions

Item = TypeVar("Item")
Key = tuple[str | int, ...]
"""Where a row stands in its list's order: no two stand at the same place."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`after`: the key of its last item, where the next page begins; None at the end."""

    items: list[Item]
    after: Key | None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What bookings, sessions and pods are listed by; None asks for nothing. Sessions begin in
    [since, until), epoch seconds.
    """

    coach_id: str | None = None
    participant_id: str | None = None
    company: str | None = None
    project: str | None = None
    cohort: str | None = None
    programme_name: str | None = None
    status: str | None = None
    since: int | None = None
    until: int | None = None
    changed_since: datetime | None = None
    in_conflict: bool | None = None
    short_of_seats: bool | None = None
    held_mails: bool | None = None
    moved: bool | None = None


LOOKED_BACK = timedelta(seconds=15)
"""More than a transaction takes, and hosts' clocks differ: what is listed twice does no harm."""


def since_ms(asked: datetime) -> int:
    """From which moment on changes are listed, as milliseconds since 1970."""
    # The race: a change is written with the moment at which it was made, and seen once it is
    # committed. Whoever asked in between goes on behind it; and hosts' clocks differ.
    return int((asked - EPOCH - LOOKED_BACK).total_seconds() * 1000)


def cut(
    tx: Connection,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    after: Key | None,
    limit: int,
    values: Mapping[str, Any] | None = None,
) -> tuple[Sequence[Row[Any]], Key | None]:
    """The next `limit` rows behind the key `after`, and the key of the last if there are more.
    `values`: of the parameters that the query has.
    """
    for place, column in enumerate(order):
        query = query.add_columns(column.label(f"key_{place}"))
    query = query.order_by(*order).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    found = tx.execute(query, values).all()
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], tuple(last[-len(order) :])


def same(table: Table, wanted: SessionFilter) -> Iterator[ColumnElement[bool]]:
    """What is asked of columns that sessions and bookings have alike."""
    for name in ("coach_id", *CONTEXT, "status"):
        value = getattr(wanted, name)
        if value is not None:
            yield table.c[name] == value
    if wanted.since is not None:
        yield table.c.starts >= wanted.since
    if wanted.until is not None:
        yield table.c.starts < wanted.until


def flags(wanted: SessionFilter, now: datetime) -> Iterator[tuple[bool, ColumnElement[bool]]]:
    """What is asked of sessions alone: whether it is to be so, and what."""
    row = sessions.c
    # The price: to ask for the one or the other of a row reads all rows. Two short lists do not.
    of_coach = select(row.id).where(row.wall_moved.is_not(None)).correlate(None)
    moved = row.id.in_(union(of_coach, moved_for_somebody()))
    short = is_short(now)
    asked = (
        (wanted.in_conflict, row.conflict_since.is_not(None)),
        (wanted.short_of_seats, short),
        (wanted.moved, moved),
    )
    for value, condition in asked:
        if value is not None:
            yield value, condition


def is_short(now: datetime) -> ColumnElement[bool]:
    # As text, and not as a parameter: only so is the index of the few that are short known to hold
    # them all.
    return and_(text(IS_SHORT), sessions.c.deadline <= now)


def moved_for_somebody() -> Select[Any]:
    """The sessions that newer time zone rules gave a participant another local time of."""
    return select(bookings.c.session_id).where(clock_moved())


def clock_moved() -> ColumnElement[bool]:
    """Whether newer time zone rules gave a booking's participant another local time of what is
    still to be.
    """
    # Not of another time that it was booked for: the release before moves bookings without a word
    # of their clocks.
    mine = bookings.c
    still = mine.wall_starts == mine.starts
    return and_(mine.wall_moved.is_not(None), mine.status == "booked", still)


def with_held_mails(column: ColumnElement[str]) -> Select[Any]:
    """The bookings or sessions (a column of the outbox) with a mail that people have to see to."""
    return select(column).where(text(IS_HELD), column.is_not(None))


def among(column: ColumnElement[str], ids: Select[Any], *, value: bool) -> ColumnElement[bool]:
    if value:
        return column.in_(ids)
    return column.not_in(ids)
