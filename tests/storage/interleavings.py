"""An exhaustive search: every order in which a few processes may take their steps, each state
visited once.

A world says which steps there are and what must hold. Its steps run the real functions of
`storage`, on SQLite in memory, from a row that is put there as the state has it; the database's
clock stands still, and time passes by moving what is in the rows into the past. So states are told
apart by what is in the rows and in the hands of the workers, and by nothing else, and a step from
the same rows is run once.
"""

import secrets
import sqlite3
import time
import warnings
from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import SADeprecationWarning

from storage.schema.database import Database, create
from storage.schema.tables import metadata

DAY_MS = 86_400_000
EPOCH_DAY = 2440587.5
TODAY = 20_000
NOW_MS = TODAY * DAY_MS
LEASE_MS, SWEEP_MS = 30_000, 2_000
WITHIN_MS = LEASE_MS + SWEEP_MS
"""When the sweeper has found whatever a vanished worker held."""


State = TypeVar("State", bound=Hashable)


class World(Protocol[State]):
    """States are values; `steps` names each step and says where it leads."""

    @property
    def start(self) -> State: ...

    def steps(self, state: State) -> Iterator[tuple[str, State]]: ...

    def broken(self, state: State) -> str | None:
        """What does not hold in this state, or would not once all is quiet: whoever holds something
        never returns, every wake-up in flight is lost, and the sweeper alone goes on. None: all is
        well.
        """


@dataclass(frozen=True, slots=True)
class Found:
    """How much was looked at; and the first thing that does not hold, with the shortest
    way there.
    """

    states: int
    steps: int
    broken: str | None = None
    path: tuple[str, ...] = ()


def search(world: World[State]) -> Found:
    """Breadth first: the first violation is one with the fewest steps."""
    came_from: dict[State, tuple[State, str] | None] = {world.start: None}
    waiting = deque([world.start])
    taken = 0
    while waiting:
        state = waiting.popleft()
        if broken := world.broken(state):
            return Found(len(came_from), taken, broken, _path(came_from, state))
        for name, following in world.steps(state):
            taken += 1
            if following not in came_from:
                came_from[following] = state, name
                waiting.append(following)
    return Found(len(came_from), taken)


def searched(name: str, world: World[State]) -> Found:
    """The same, told: its bounds, and how much there was."""
    began = time.process_time()
    found = search(world)
    print(f"{name}: {world.start}")
    print(f"{found.states} states, {found.steps} steps, {time.process_time() - began:.1f} s of CPU")
    return found


def _path(came_from: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names = []
    while (step := came_from[state]) is not None:
        state, name = step
        names.append(name)
    return tuple(reversed(names))


class Memory:
    """A database in memory whose clock stands still, and its rows, past everything that writes them
    otherwise.
    """

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        """The database's clock. It stands still, unless a world moves it."""
        name = f"interleavings-{secrets.token_hex(4)}"
        with (
            warnings.catch_warnings()
        ):  # of a pool that SQLAlchemy chooses by this URL, and will choose otherwise
            warnings.simplefilter("ignore", SADeprecationWarning)
            self.database: Database = create(
                f"sqlite:///file:{name}?mode=memory&cache=shared&uri=true"
            )
        event.listen(self.database.engine, "connect", self._stop_the_clock)
        # Kept: a database in memory lasts as long as its last connection.
        self.raw: sqlite3.Connection = self.database.engine.raw_connection().driver_connection  # type: ignore[assignment]
        with self.database.write() as tx:
            metadata.create_all(tx)

    def close(self) -> None:
        self.raw.close()
        self.database.close()

    def _stop_the_clock(self, connection: Any, _record: object) -> None:
        def now(_: object) -> float:
            return EPOCH_DAY + self.now_ms / DAY_MS

        connection.create_function("julianday", 1, now, deterministic=True)

    def row(self, table: str, row_id: str, *, key: str = "id") -> dict[str, Any] | None:
        found = self.raw.execute(f"SELECT * FROM {table} WHERE {key} = ?", (row_id,))
        values = found.fetchone()
        return (
            None
            if values is None
            else dict(zip((each[0] for each in found.description), values, strict=True))
        )

    def put(self, table: str, values: dict[str, Any], *, key: str = "id") -> None:
        """In the place of the row that is there, if one is."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        changes = ", ".join(f"{name} = excluded.{name}" for name in values)
        insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        self.raw.execute(
            f"{insert} ON CONFLICT ({key}) DO UPDATE SET {changes}", tuple(values.values())
        )

    def drop(self, table: str, row_id: str) -> None:
        self.raw.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))


def relative(moment_ms: int) -> int:
    """Milliseconds ahead of now. What is past is past: nothing asks for how long."""
    return max(0, moment_ms - NOW_MS)


def later(ahead_ms: int, passed_ms: int) -> int:
    return max(0, ahead_ms - passed_ms)


def with_(values: Any, place: int, value: object) -> Any:
    """The tuple with another value in one place."""
    return (*values[:place], value, *values[place + 1 :])
