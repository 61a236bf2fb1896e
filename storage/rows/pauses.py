"""What ops paused: a kind of messages, or the mails of a company. Nothing of it is claimed until it
is resumed; it stays owed, in its order, and what was under way when it was paused still leaves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import outbox, pauses

What = Literal["mail", "calendar", "callback", "company"]
KINDS: tuple[What, ...] = ("mail", "calendar", "callback")
row = pauses.c


@dataclass(frozen=True, slots=True)
class Pause:
    """`company`: empty for a kind."""

    what: What
    company: str
    at: datetime
    actor: str

    @property
    def name(self) -> str:
        """As commands and the diary tell it: `mail`, `company:acme`."""
        if self.company:
            return f"{self.what}:{self.company}"
        return self.what


def put(tx: Connection, pause: Pause) -> bool:
    """False: it is paused already, and stays as it was."""
    added = insert(tx, pauses).values(records.values_of(pause))
    made = added.on_conflict_do_nothing(index_elements=["what", "company"]).returning(row.what)
    return tx.execute(made).first() is not None


def lift(tx: Connection, what: str, company: str) -> bool:
    """False: it is not paused. The sweeps wake for what waited, some at a time."""
    mine = pauses.delete().where(row.what == what, row.company == company)
    return tx.execute(mine).rowcount == 1


def find_all(tx: Connection) -> list[Pause]:
    """The longest first."""
    query = select(*records.columns_of(pauses, Pause))
    return records.all_as(tx, Pause, query.order_by(row.at, row.what, row.company))


def find_waiting(tx: Connection, *, now: datetime) -> list[tuple[Pause, int]]:
    """The same, each with how many messages that are due wait for it."""
    return [(pause, waiting(tx, pause, now=now)) for pause in find_all(tx)]


def waiting(tx: Connection, pause: Pause, *, now: datetime) -> int:
    """How many messages that are due wait for this one."""
    it = outbox.c
    mine = it.kind == pause.what
    if pause.what == "company":
        mine = and_(it.kind == "mail", it.payload["company"].as_string() == pause.company)
    due = and_(it.state.in_(("pending", "waiting_for_text")), it.due_at <= now)
    return tx.scalar(select(func.count()).where(mine, due)) or 0


def holds(tx: Connection, outbox_id: str) -> bool:
    """Whether this message is paused."""
    return tx.scalar(select(outbox.c.id).where(outbox.c.id == outbox_id, covers())) is not None


def covers() -> ColumnElement[bool]:
    """Whether a row of the outbox is paused."""
    it = outbox.c
    kind = row.what == it.kind
    company = and_(
        row.what == "company",
        it.kind == "mail",
        row.company == it.payload["company"].as_string(),
    )
    # Asked first whether there is any, once for a statement: nearly always there is none, and no
    # mail has to be taken apart to learn its company.
    there_is_one = exists(select(pauses.alias("any_pause").c.what))
    return and_(there_is_one, exists().where(or_(kind, company)).correlate(outbox))
