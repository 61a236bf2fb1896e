"""The newest refusals, for ops: where, why, and whose coach. No text of the request's own is kept.

However many are refused, the table stays small: web processes write a few a second, and only the
newest are kept.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, null, select

from storage.schema import records
from storage.schema.tables import bookings, coaches, connections, refusals, sessions

KEPT = timedelta(days=7)
MOST = 10_000

row = refusals.c


@dataclass(frozen=True, slots=True)
class Refusal:
    """`place`: method and route, never the path itself.
    `client_id`: None for people at pages, and for strangers.
    """

    at: datetime
    place: str
    code: str
    reason: str | None
    client_id: str | None
    coach_id: str | None = None


def note(tx: Connection, refusal: Refusal, about: Mapping[str, str]) -> None:
    """`about`: ids as the request gave them (coach_id, booking_id, connection_id, session_id). They
    are looked up for the coach and not kept themselves: an id that we do not know may be anything.
    """
    met = sessions.c.coach_id
    owners = {
        "coach_id": select(coaches.c.id).where(coaches.c.id == about.get("coach_id")),
        "booking_id": select(met)
        .join_from(bookings, sessions)
        .where(bookings.c.id == about.get("booking_id")),
        "connection_id": select(connections.c.coach_id).where(
            connections.c.id == about.get("connection_id")
        ),
        "session_id": select(met).where(sessions.c.id == about.get("session_id")),
    }
    known = [query.scalar_subquery() for name, query in owners.items() if name in about]
    # SQLite's coalesce takes no fewer than two.
    coach_id = func.coalesce(*known, null(), null())
    ours = {"id": "ref_" + secrets.token_hex(12), "coach_id": coach_id}
    tx.execute(refusals.insert().values(records.values_of(refusal) | ours))


def recent(tx: Connection, *, limit: int) -> list[Refusal]:
    """The newest first."""
    query = select(*records.columns_of(refusals, Refusal)).order_by(row.at.desc(), row.id)
    return records.all_as(tx, Refusal, query.limit(limit))


def prune(tx: Connection, *, now: datetime) -> int:
    """Drop the old ones, and all but the newest."""
    # Inexact on purpose: between two of these the table may be longer. Nobody counts refusals.
    newest = select(row.id).order_by(row.at.desc(), row.id).limit(MOST)
    old = (row.at < now - KEPT) | row.id.not_in(newest)
    return tx.execute(refusals.delete().where(old)).rowcount
