"""The database: crashed, frozen, read-only, or a row of it held by somebody who does not move."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos import holder
from tests.chaos.databases import Postgres
from tests.chaos.faults.base import Fault, Turn, on_postgresql
from tests.chaos.people import COACHES
from tests.chaos.scene import Scene


def _postgres(turn: Turn) -> Postgres:
    assert isinstance(turn.scene.database, Postgres)
    return turn.scene.database


@contextmanager
def crashed(turn: Turn) -> Iterator[None]:
    database = _postgres(turn)
    database.crash()
    yield
    database.start()


@contextmanager
def frozen(turn: Turn) -> Iterator[None]:
    database = _postgres(turn)
    database.freeze()
    yield
    database.thaw()


@contextmanager
def read_only(turn: Turn) -> Iterator[None]:
    database = _postgres(turn)
    database.refuse_writes()
    yield
    database.take_writes()


@contextmanager
def row_held(turn: Turn) -> Iterator[None]:
    """Of SQLite, whose one lock is the file's: everything is held."""
    with holder.held(turn.scene.database.url, turn.one_of(*COACHES)):
        yield


@contextmanager
def failed_over(turn: Turn) -> Iterator[None]:
    """A synchronous standby takes over: what was acknowledged before is there afterwards."""
    turn.scene.fail_over()
    yield


def _on_sqlite(scene: Scene) -> str | None:
    return None if scene.database.kind == "sqlite" else "PostgreSQL locks rows"


_DATABASE = frozenset({"database"})
DATABASE = (
    Fault("crash database", "F4", 1.0, _DATABASE, crashed, on_postgresql),
    Fault("freeze database", "F4", 4.0, _DATABASE, frozen, on_postgresql),
    Fault("database read-only", "F4", 3.0, _DATABASE, read_only, on_postgresql),
    Fault("fail over", "F4", 0.1, _DATABASE, failed_over, on_postgresql),
    Fault("row held", "F4", 5.0, _DATABASE, row_held, on_postgresql),
    Fault("frozen writer", "F4", 4.0, _DATABASE, row_held, _on_sqlite),
)
