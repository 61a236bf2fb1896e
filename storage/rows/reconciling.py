"""Connections that nobody pushed about: whom to read next, and how many there are."""

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)

from domain.reconciling import Pace, Turns
from storage.rows import refresh_jobs
from storage.schema.columns import EPOCH
from storage.schema.database_clock import clock_ms
from storage.schema.tables import ALIVE, RECONCILED, connections

# A connection is reconciled when three quarters of its turn have passed, and up to a fifth of
# it later: those that were read together are not read together for ever. What spreads them is the
# millisecond of their last read.
RECONCILE_FROM, RECONCILE_SPREAD = 0.75, 0.2
row = connections.c


def owe_stalest(tx: Connection, *, now: datetime, turns: Turns, limit: int) -> list[str]:
    """Owe a read to those that were not read for so long.

    The stalest, by their own turn, first. A grant that is gone needs a person.
    """
    # The price: the stalest of each pace are found by the index, whatever the number of coaches.
    # One query for all would have to look at every connection, four times a minute.
    found = []
    for pace, span in turns.spans.items():
        found.append(select(_stalest(pace, now, span, limit).subquery()))
    candidates = union_all(*found).subquery()
    chosen = select(candidates.c.id).order_by(candidates.c.passed.desc(), candidates.c.id)
    # The race: one of them becomes dirty meanwhile. It is looked at again once it is locked.
    wanted = select(row.id).where(row.id.in_(chosen.limit(limit)), RECONCILED)
    values = {"req_gen": row.req_gen + 1, "dirty_since_ms": clock_ms(), "userinfo_due": True}
    values |= {"wake_after_ms": clock_ms() + refresh_jobs.FIRST_WAKE_MS}
    return refresh_jobs.take(tx, wanted, values)


def _stalest(pace: Pace, now: datetime, span: timedelta, limit: int) -> Select[tuple[str, int]]:
    """Of one pace, and how many thousandths of their turn have passed."""
    read_at = type_coerce(row.last_ok_at, BigInteger)
    age = literal(_ms(now - EPOCH), BigInteger) - read_at
    passed = age * 1000 / _ms(span)
    due = (
        passed
        >= round(RECONCILE_FROM * 1000) + round(RECONCILE_SPREAD * 1000) * (read_at % 1000) / 1000
    )
    # Said apart, because only a plain comparison is looked up in the index.
    old = read_at <= _ms(now - RECONCILE_FROM * span - EPOCH)
    # A read that failed leaves its connection as old as it was: looked for by age alone, some dozen
    # of lost logins would be asked at each turn, and nobody else.
    untried = row.next_attempt_at_ms <= clock_ms() - _ms(span)
    mine = and_(
        row.pace == literal_column(str(int(pace))), RECONCILED, or_(row.trouble.is_(None), untried)
    )
    query = select(row.id, passed.label("passed")).where(mine, old, due)
    return query.order_by(row.last_ok_at).limit(limit)


def fleet(tx: Connection) -> dict[Pace, int]:
    """How many connections of each pace are reconciled. Counts all of them: once a minute."""
    query = select(row.pace, func.count()).where(ALIVE).group_by(row.pace)
    counted = dict.fromkeys(Pace, 0)
    for pace, count in tx.execute(query):
        counted[Pace(pace)] = count
    return counted


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
