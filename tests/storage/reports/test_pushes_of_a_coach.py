"""How long the pushes of one coach waited, and how many never came: measured by the reads, in the
row that they write anyhow.
"""

from sqlalchemy import event

from storage.reports import samples
from storage.reports.samples import PushFigures
from storage.rows import connections, push_marks
from storage.schema import tables
from storage.schema.database import Database
from tests.support import people
from tests.support.people import at

OVER = (at(2, 10), at(2, 11))


def push(database: Database, connection_id: str, *periods: tuple[int, int], waited: int) -> None:
    """A push that waited so many milliseconds for the read that found these periods."""
    row = tables.connections.c
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection_id, pushed=True)
        mine = tables.connections.update().where(row.id == connection_id)
        tx.execute(mine.values(pushed_since_ms=row.pushed_since_ms - waited))
    people.read(database, connection_id, *periods, account=None)


def figures(database: Database, coach_id: str = "ada") -> PushFigures:
    with database.read() as tx:
        return samples.pushes_of(connections.of_coach(tx, coach_id))


def test_the_waits_of_a_coach_are_kept_and_of_no_other(database: Database) -> None:
    connection_id = people.ready(database)
    before = figures(database).waits.measured
    for waited in (100_000, 300_000):
        push(database, connection_id, waited=waited)
    found = figures(database).waits
    assert found.measured == before + 2
    assert found.last_ms is not None
    assert 300_000 <= found.last_ms < 400_000
    assert figures(database, "bob").waits.measured == 0


def test_a_change_that_no_push_announced_is_counted(database: Database) -> None:
    connection_id = people.ready(database)
    measured = figures(database).waits.measured
    people.mark_dirty(database, connection_id)
    people.read(database, connection_id, OVER, account=None)
    found = figures(database)
    assert (found.missed, found.waits.measured) == (1, measured)


def test_a_measured_push_writes_the_connection_s_row_once(database: Database) -> None:
    """The price: what is written for the plots, and no further row."""
    connection_id = people.ready(database)
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("UPDATE", "INSERT")):
            seen.append(statement.split()[1 + statement.startswith("INSERT")])

    with database.read() as tx:
        engine = tx.engine
    push(database, connection_id, waited=5)
    event.listen(engine, "before_cursor_execute", note)
    try:
        people.mark_dirty(database, connection_id)
        people.read(database, connection_id, account=None)
        without = list(seen)
        seen.clear()
        push(database, connection_id, waited=5)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # `push` itself writes the row once more, to set the wait
    assert sorted(seen) == sorted([*without, "connections", "visible"])
