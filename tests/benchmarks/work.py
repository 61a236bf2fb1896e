"""What every benchmark is given: how much to do, databases, a Redis, processes, and turns.

Servers are started once for all that need them, and end with the run.
"""

import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, perf_counter_ns
from types import TracebackType
from typing import Literal, Self, TypeVar

import redis as redis_client

from storage import migrations
from storage.schema.database import Database, Use, create
from tests.benchmarks.figures import Spread
from tests.support import processes
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.processes import Town
from webhooks.demo.processes import true_process
from workers.embedded.child import Child
from workers.embedded.redis import redis_server

Kind = Literal["sqlite", "postgresql"]
BOTH: tuple[Kind, ...] = ("sqlite", "postgresql")
PROCESSES, THREADS = 2, 8
T = TypeVar("T")


class Work:
    """`quick`: the same code with less of everything. `kinds`: where both databases count, these.

    Use it as a context: what it started ends there.
    """

    def __init__(
        self,
        *,
        quick: bool = False,
        kinds: tuple[Kind, ...] = BOTH,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.quick = quick
        self.kinds = kinds
        self._tell = tell
        self._opened = ExitStack()
        self._postgres: PostgresServer | None = None
        self._redis: Child | None = None

    def __enter__(self) -> Self:
        self.folder = Path(self._opened.enter_context(TemporaryDirectory()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._opened.close()

    def amount(self, whole: T, quick: T) -> T:
        if self.quick:
            return quick
        return whole

    def tell(self, what: str) -> None:
        """How far it is, for whoever waits."""
        if self._tell is not None:
            self._tell(what)

    def new_folder(self) -> Path:
        folder = self.folder / secrets.token_hex(4)
        folder.mkdir()
        return folder

    def new_url(self, kind: Kind = "postgresql") -> str:
        """An empty database."""
        if kind == "sqlite":
            return f"sqlite:///{self.new_folder()}/bench.sqlite"
        return self.postgres.create_database(f"bench_{secrets.token_hex(4)}")

    @contextmanager
    def database(self, kind: Kind = "postgresql", use: Use = "web") -> Iterator[Database]:
        """A new one, with its tables."""
        opened = create(self.new_url(kind), use=use)
        try:
            migrations.migrate(opened)
            yield opened
        finally:
            opened.close()

    @property
    def postgres(self) -> PostgresServer:
        if self._postgres is None:
            self.tell("starting PostgreSQL")
            self._postgres = self._opened.enter_context(postgres_server(None))
        return self._postgres

    @property
    def redis(self) -> Child:
        """Emptied: a wake-up that one benchmark left is not for the next."""
        if self._redis is None:
            self._redis = self._opened.enter_context(redis_server())
        with redis_client.Redis.from_url(self._redis.url) as client:
            client.flushall()
        return self._redis

    @property
    def redis_process(self) -> Child:
        """The Redis that is running, with what is in it."""
        assert self._redis is not None
        return self._redis

    @contextmanager
    def town(
        self, *names: str, kind: Kind = "postgresql", env: Mapping[str, str] | None = None
    ) -> Iterator[Town]:
        """The product as it is deployed, over a new database, with these of its processes. `env`:
        what is set for all of them, beside what is usual.
        """
        with self.database(kind) as made:
            url = made.engine.url.render_as_string(hide_password=False)
        sizes = {
            "COACHCAL_WEB_PROCESSES": str(PROCESSES),
            "COACHCAL_WEB_THREADS": str(THREADS),
        }
        environment = processes.FAR_LIMITS | sizes | dict(env or {})
        folder = self.new_folder()
        with processes.raised(folder, url, self.redis.url, true_process, **environment) as raised:
            self.tell(f"starting {', '.join(names) or 'nothing yet'}")
            for name in names:
                raised.start(name)
            yield raised

    def in_turn(self, sides: Mapping[str, Callable[[], float]], turns: int) -> dict[str, Spread]:
        """What each side measured, A B A B: what disturbs one disturbs the other. The first turn
        is thrown away, for the first answers of a process are its slowest.
        """
        found: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(turns + 1):
            self.tell(f"turn {turn} of {turns}")
            for name, measure in sides.items():
                found[name].append(measure())
        return {name: Spread.of(values[1:]) for name, values in found.items()}


def microseconds(work: Callable[[], object], times: int) -> Callable[[], float]:
    """A side of `in_turn`: the median of so many runs."""

    def measure() -> float:
        spent = []
        for _ in range(times):
            began = perf_counter_ns()
            work()
            spent.append((perf_counter_ns() - began) / 1000)
        return Spread.of(spent).middle

    return measure


def per_second(work: Callable[[], int]) -> Callable[[], float]:
    """A side of `in_turn`: `work` answers how many it did."""

    def measure() -> float:
        began = perf_counter()
        done = work()
        return done / (perf_counter() - began)

    return measure


def say(text: str) -> None:
    """Progress, on a line that the next thing told writes over."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:100]}")
        sys.stderr.flush()
