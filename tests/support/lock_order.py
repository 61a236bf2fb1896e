"""In which order transactions lock on PostgreSQL: a coach before all that belongs to coaches, and
of several coaches the lesser id first. Else two of them may wait for each other. Watched in every
test, in all transactions that the product opens in its process; those that a test opens itself do
what no caller of the product's does.

On SQLite there is one lock, of the whole file.
"""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

BEFORE_COACHES = {"idempotency", "links", "feeds", "pod_groups"}
"""A request is known by its key before anything is done for it; a page locks its link before it
books, an erasure takes links and feeds first; and a group has pods of several coaches.
"""
ROOMS = {"domain", "storage", "workers", "webhooks", "tests"}
_LOCKS_A_COACH = re.compile(r"FROM coaches\s+WHERE coaches.id = .*FOR NO KEY UPDATE", re.DOTALL)
_CHANGES = re.compile(r"\b(?:INSERT INTO|(?<!DO )(?<!FOR )(?<!KEY )UPDATE|DELETE FROM) (\w+)")
_LOCKS = re.compile(r"\bFROM (\w+)\b.*\bFOR (?:NO KEY )?UPDATE", re.DOTALL)


class LockOrder:
    """What was asked for in the wrong order, since it was last asked."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def began(self, tx: Connection) -> None:
        tx.info.update(coaches=[], touched=None, watched=_is_the_products())

    def asked(self, tx: Connection, _cursor: Any, statement: str, asked: Any, *_more: Any) -> None:
        if tx.dialect.name != "postgresql" or not tx.info.get("watched"):
            return
        if "alembic_version" in statement:  # a migration is alone, or takes its rows gently
            tx.info["watched"] = False
            return
        held: list[str] = tx.info["coaches"]
        if _LOCKS_A_COACH.search(statement):
            self._coach(tx, held, next(iter(asked.values())))
        elif not held:
            touched = {*_CHANGES.findall(statement), *_LOCKS.findall(statement)} - BEFORE_COACHES
            before = tx.info.get("touched")
            if before is not None and "coaches" in touched:
                with self._lock:
                    self.wrong.append(f"{statement[:60]} after: {before[:300]}")
            if touched and before is None:
                tx.info["touched"] = statement

    def _coach(self, tx: Connection, held: list[str], coach_id: str) -> None:
        before = tx.info.get("touched")
        with self._lock:
            if before is not None:
                self.wrong.append(f"coach {coach_id} after: {before[:300]}")
            if held and coach_id < max(held) and coach_id not in held:
                self.wrong.append(f"coach {coach_id} after coach {max(held)}")
        held.append(coach_id)


def _is_the_products() -> bool:
    """Whether a test is not the next who called, above what opens transactions."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] in ROOMS and not name.startswith("storage.schema"):
            return not name.startswith("tests.")
        frame = frame.f_back
    return False


@contextmanager
def watched() -> Iterator[LockOrder]:
    order = LockOrder()
    event.listen(Engine, "begin", order.began)
    event.listen(Engine, "before_cursor_execute", order.asked)
    try:
        yield order
    finally:
        event.remove(Engine, "begin", order.began)
        event.remove(Engine, "before_cursor_execute", order.asked)
