"""Coaches who are to be erased once whoever would have come is told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, or_, select

from domain.sessions import Refused
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import erasures, farewells

row = farewells.c


@dataclass(frozen=True, slots=True)
class Farewell:
    """`actor`: who asked for it. `until`: so long the erasure waits."""

    coach_id: str
    actor: str
    asked_at: datetime
    until: datetime


def add(tx: Connection, farewell: Farewell) -> bool:
    """False: one is under way, and stays as it is."""
    values = records.values_of(farewell) | {"looked_at": farewell.asked_at}
    added = insert(tx, farewells).values(values)
    new = added.on_conflict_do_nothing(index_elements=["coach_id"]).returning(row.coach_id)
    return tx.execute(new).first() is not None


def get(tx: Connection, coach_id: str) -> Farewell | None:
    query = select(*records.columns_of(farewells, Farewell)).where(row.coach_id == coach_id)
    return records.first_as(tx, Farewell, query)


def is_owed(tx: Connection, coach_id: str) -> bool:
    return get(tx, coach_id) is not None


def owed(tx: Connection, *, limit: int) -> list[str]:
    """The coaches of those under way, whoever was looked at longest ago first."""
    query = select(row.coach_id).order_by(row.looked_at, row.asked_at, row.coach_id)
    return list(tx.scalars(query.limit(limit)))


def looked(tx: Connection, coach_id: str, now: datetime) -> None:
    tx.execute(farewells.update().where(row.coach_id == coach_id).values(looked_at=now))


def drop(tx: Connection, coach_id: str) -> None:
    tx.execute(farewells.delete().where(row.coach_id == coach_id))


def refuse_leaving(tx: Connection, coach_id: str) -> None:
    """Raises Refused `coach_leaves` while a farewell is owed, or the erasure itself is under way:
    that may wait for Cronofy for days.
    """
    # The race: a session is made, or hours are opened, while the coming sessions are called off;
    # it would be erased and nobody told. A farewell begins under the coach's lock, so whoever holds
    # that lock here decides before it or sees it.
    # The erasure takes all that there is of the coach, each time that the clock goes on with it:
    # what was made meanwhile would be gone within seconds.
    erased = erasures.c.kind == "coach", erasures.c.person_id == coach_id
    leaves = or_(exists().where(row.coach_id == coach_id), exists().where(*erased))
    if tx.scalar(select(leaves)):
        raise Refused(
            "coach_leaves",
            "This coach is to be erased and takes no sessions and no settings any more: choose"
            " another coach.",
        )
