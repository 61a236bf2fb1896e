"""Mails that are owed to a reader, claimed, sent and looked at."""

from datetime import timedelta
from typing import Any

from storage.rows import outbox as outbox_rows
from storage.rows import outbox_claims
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DeliveryClaim, Wake
from storage.schema import tables
from storage.schema.database import Database
from tests.support import people

NOW = people.NOW
LEASE_MS = 30_000


def mail(
    version: int = 1, topic: str = "booked", who: str = "grace", booking: str = "bkg_1", **more: Any
) -> Owed:
    key = f"mail:{booking}:{version}:{topic}:{who}"
    values: dict[str, Any] = {
        "due_at": NOW,
        "session_id": "ses_1",
        "coach_id": "ada",
        "payload": {"kind": topic},
    }
    return Owed(
        "mail", topic, key, version, **values | {"booking_id": booking, "recipient": who} | more
    )


def event(version: int = 1, topic: str = "upsert", session: str = "ses_1") -> Owed:
    return Owed(
        "calendar", topic, f"calendar:{session}:{version}", version, NOW, session_id=session
    )


def owe(database: Database, *owed: Owed) -> list[str]:
    """Their ids, in the order they are given."""
    with database.write() as tx:
        outbox_rows.add(tx, owed, now=NOW)
        found = tx.execute(tables.outbox.select()).all()
    ids = {row.dedupe_key: row.id for row in found}
    return [ids[each.dedupe_key] for each in owed]


def claim(database: Database, outbox_id: str, **by: float) -> DeliveryClaim | None:
    with database.write() as tx:
        return outbox_claims.claim(tx, outbox_id, lease_ms=LEASE_MS, now=NOW + timedelta(**by))


def held(database: Database, outbox_id: str) -> DeliveryClaim:
    mine = claim(database, outbox_id)
    assert mine is not None
    return mine


def send(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.sent(tx, mine, now=NOW)


def row(database: Database, outbox_id: str) -> Any:
    with database.read() as tx:
        return tx.execute(tables.outbox.select().where(tables.outbox.c.id == outbox_id)).one()


def states(database: Database, *ids: str) -> list[str]:
    return [row(database, outbox_id).state for outbox_id in ids]


def set_row(database: Database, outbox_id: str, **values: Any) -> None:
    """What time does to a row."""
    with database.write() as tx:
        tx.execute(tables.outbox.update().where(tables.outbox.c.id == outbox_id).values(values))


def sweep(database: Database, limit: int = 500, **by: float) -> list[Wake]:
    with database.write() as tx:
        return outbox_rows.sweep(tx, now=NOW + timedelta(**by), limit=limit)
