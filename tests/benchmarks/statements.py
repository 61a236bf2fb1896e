"""The same statements by hand: what one piece of work asks PostgreSQL is written down, and asked
again through the driver alone, of a copy of the database as it was before.

The copy follows step by step: what a statement changed there is what it changed here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from storage.schema.database import Database

COMMIT, ROLLBACK = "COMMIT", "ROLLBACK"
Statement = tuple[str, Any, bool]
"""The text, what goes into it, and whether that is a list of many."""


class ByHand:
    """Of a database, and of its copy."""

    def __init__(self, database: Database, copy: psycopg.Connection[Any]) -> None:
        self._copy = copy
        self._asked: list[Statement] = []
        engine = database.engine
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", lambda _: self._asked.append((COMMIT, None, False)))
        event.listen(engine, "rollback", lambda _: self._asked.append((ROLLBACK, None, False)))

    def _note(
        self, _tx: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        self._asked.append((statement, values, many))

    def follow(self, work: Callable[[], object]) -> tuple[float, float, int]:
        """Seconds of the work and of its statements by hand, and how many these were."""
        self._asked.clear()
        began = perf_counter()
        work()
        took = perf_counter() - began
        asked = list(self._asked)
        began = perf_counter()
        with self._copy.cursor() as cursor:
            for statement in asked:
                self._ask(cursor, statement)
        self._copy.commit()
        return took, perf_counter() - began, sum(each[1] is not None for each in asked)

    def _ask(self, cursor: psycopg.Cursor[Any], statement: Statement) -> None:
        text, values, many = statement
        if text == COMMIT:
            self._copy.commit()
        elif text == ROLLBACK:
            self._copy.rollback()
        elif many:
            cursor.executemany(text, values)
        else:
            cursor.execute(text, values)
            # An answer that nobody takes off the line is none.
            if cursor.description is not None:
                cursor.fetchall()


@contextmanager
def copied(url: str) -> Iterator[psycopg.Connection[Any]]:
    """The driver's connection to a copy of this database, which nobody may have open meanwhile."""
    original = make_url(url)
    name = f"{original.database}_copy"
    with _driver(original.set(database="postgres")) as admin:
        admin.autocommit = True
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original.database}"'.encode())
    with _driver(original.set(database=name)) as copy:
        yield copy


def _driver(url: URL) -> psycopg.Connection[Any]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain)
