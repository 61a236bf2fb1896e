"""The engine, and the two kinds of transaction: `read()` and `write()`.

On SQLite a write transaction is BEGIN IMMEDIATE: it takes the write lock before it reads, so that
what it read is still true when it writes. On PostgreSQL READ COMMITTED and row locks do that (see
`storage.rows.coaches.lock`).
"""

import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Literal

import orjson
import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from storage.schema import history
from storage.schema.breaker import DatabaseBreaker
from storage.schema.long_waits import LongWaits
from storage.schema.outages import (
    OUT,
    Crowded,
    Outage,
    Result,
    Unavailable,
    is_silence,
    kind_of,
    run_again_once,
    spoils,
)
from storage.schema.postgres import Bounded, PostgresLink, Unanswered, parse
from storage.schema.sqlite import BUSY_SECONDS, begin, prepare

__all__ = ["Database", "Tx", "Unavailable", "create"]

Tx = Connection  # for the rooms that may not name SQLAlchemy
Use = Literal["web", "worker", "report"]
# Who asks: how long we wait for an answer, and the server works on one, in seconds. A worker on a
# dead connection has to be well within 10 s; a request of the web has a deadline besides. The race:
# who gives up asks what it waits for (LockLooks). A server that gave up too has forgotten it.
SECONDS: dict[Use, tuple[float, float]] = {"web": (5, 7), "worker": (6, 10), "report": (31, 30)}
POOL_SECONDS = 1  # each thread needs one connection: nobody waits but by a mistake of ours
INSIST_EVERY_SECONDS = 0.2


class Database:
    """One engine. Make it after a fork, never before: pools do not survive one."""

    def __init__(self, engine: Engine, server: PostgresLink | None = None, **writing: Any) -> None:
        """`server`: where PostgreSQL's connections come from. `writing`: options of a write."""
        self.engine = engine
        self.kept: deque[Any] = deque()
        """Beside the pool, by `storage.schema.fast_reads`: at most one a thread that asks."""
        # SQLite is a file of this machine: it is not away, and no probe would learn anything.
        self.breaker: DatabaseBreaker | None = None
        if server is not None:
            self.breaker = DatabaseBreaker(server.probe)
        self._server = server
        self._trusted_since = 0.0
        self.closed = False
        self._writing = writing
        event.listen(engine, "handle_error", self._sort_out)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Statements that only read, each of them whole; on SQLite all of them see one moment."""
        self.check()
        with self.engine.connect() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: it commits with its history when the block ends, or rolls back."""
        self.check()
        with self.engine.connect() as tx:
            tx.execution_options(coachcal_write=True, **history.options(), **self._writing)
            limits: AbstractContextManager[None] = nullcontext()
            if self._server is not None:
                limits = self._server.limited(tx)
            with tx.begin(), limits:
                yield tx
                history.write(tx)

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` answers, in one transaction, which is run again if it lost a deadlock."""

        def once() -> Result:
            with self.write() as tx:
                return work(tx)

        return run_again_once(once)

    def insist(self, work: Callable[[Connection], Result], *, until: float) -> Result:
        """As `transact`; a database that cannot serve is waited for, up to that moment of
        time.monotonic.

        For what cannot be had again, such as the outcome of something that was sent. `work` may
        have been committed when it is run again, and its answer lost: it has to be fenced by a
        token.
        """
        # At least once, even if the time is over: the outcome may be lost with us otherwise.
        while True:
            try:
                return self.transact(work)
            except Unavailable:
                if time.monotonic() >= until:
                    raise
            self._pause(until)

    def _pause(self, until: float) -> None:
        left = max(0.0, until - time.monotonic())
        if self.out:
            self.wait(left)
        else:
            time.sleep(min(left, INSIST_EVERY_SECONDS))

    @contextmanager
    def write_once(self) -> Iterator[Connection]:
        """As `write`, for a single statement: on PostgreSQL it is a transaction by itself, and one
        round trip of three.

        It has committed when it was executed, not when the block ends.
        """
        # Behind a pooler no session limits what a statement alone waits for.
        begin = self.write
        if self._server is not None and not self._server.pooled:
            begin = self.read
        with begin() as tx:
            yield tx

    @property
    def out(self) -> bool:
        return self.breaker is not None and self.breaker.kind is not None

    def wait(self, seconds: float) -> None:
        """Until it is not known to be out, but no longer than that."""
        if self.breaker is not None:
            self.breaker.wait(seconds)

    def check(self) -> None:
        """Raises Outage, at once, while the database is known to be `out`."""
        if self.breaker is not None:
            self.breaker.check()

    def check_writable(self) -> None:
        """Raises one of Unavailable for a database that cannot be written now."""
        # To take SQLite's write lock is the only way to know; PostgreSQL tells without a write.
        if self._server is None:
            with self.write():
                return
        with self.read() as tx:
            read_only = tx.exec_driver_sql("SHOW transaction_read_only").scalar()
        if read_only == "on":
            refusal = ReadOnlySqlTransaction("the database cannot be written")
            raise self.met(refusal, connecting=False) or refusal

    def met(self, error: BaseException, *, connecting: bool) -> Outage | None:
        """Draw the conclusions from an error of the driver. What to raise in its place, if any."""
        kind = kind_of(error)
        if isinstance(error, Crowded):
            self._suspect()
        if kind not in OUT:
            return None
        if connecting:
            return Outage(kind, error)  # `dial` has drawn the conclusions
        if isinstance(error, Unanswered):
            # Somebody else may have met the same outage, while this thread still waited for its
            # answer. It may be over by now: what a connection from before it says is no news.
            if error.made >= self._trusted_since:
                self._lost(error, error.asked)
        elif is_silence(error) or kind == "read_only":
            # One connection was cut. Is it all of them? That is for a probe to say.
            self._trust_anew()
            self._suspect()
        return Outage(kind, error)

    def dial(self, server: PostgresLink) -> Bounded:
        """A new connection for the pool. Raises psycopg.Error, and then opens the breaker."""
        asked = time.monotonic()
        try:
            return server.connect()
        except psycopg.Error as error:
            if kind_of(error) in OUT:
                self._lost(error, asked)
            raise

    def trusts(self, connection: Bounded) -> bool:
        """Whether a PostgreSQL connection that lay idle is still worth a try.

        One with something to read was closed by the server: a look costs 2 us. One that lay idle
        for seconds is asked, and if it does not answer, neither would its siblings.
        """
        if connection.closed or connection.made < self._trusted_since:
            return False
        # Not `select.select`: it refuses the number of a file beyond 1,023.
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            return False
        if connection.answers():
            return True
        self._trust_anew()
        return False

    def close(self) -> None:
        if self.breaker is not None:
            self.breaker.close()
        self.closed = True
        # A transaction that ends later brings its connection to a pool that nobody empties again.
        event.listen(self.engine, "checkin", lambda _, record: record.invalidate())
        self.engine.dispose()
        self._let_go()

    def keep(self, kept: Any) -> None:
        """For whoever asks next. A thread whose question was under way while we were closed comes
        here after it: nobody would close what it brings.
        """
        # `close` first says that it is closed and then empties; here it is first put there and then
        # asked: whichever of the two is late sees what the other did.
        self.kept.append(kept)
        if self.closed:
            self._let_go()

    def _lost(self, error: psycopg.Error, asked: float) -> None:
        """Nobody answered, or let us in. `asked`: when that was asked, by time.monotonic."""
        if self.breaker is not None and self.breaker.trip(error, asked):
            self._trust_anew()

    def _suspect(self) -> None:
        if self.breaker is not None:
            self.breaker.suspect()

    def _trust_anew(self) -> None:
        # The connections that there are may be as dead, or as read-only, as the one that failed.
        self._trusted_since = time.monotonic()

    def _let_go(self) -> None:
        with suppress(IndexError):  # none is left
            while True:
                self.kept.pop()[0].close()

    def _sort_out(self, context: ExceptionContext) -> Outage | None:
        cause = context.original_exception
        context.is_disconnect = context.is_disconnect or spoils(cause)
        # Which siblings go with it is for `met` to say: one lost connection is no outage.
        context.invalidate_pool_on_disconnect = False
        return self.met(cause, connecting=context.connection is None)


def create(
    url: str, *, pool_size: int = 10, use: Use = "worker", long_waits: int | None = None
) -> Database:
    """A Database for `url` (sqlite:///file.db or postgresql://...); connects only when used.

    `use`: how long a statement may take. `long_waits`: how many threads at once may wait for long.
    """
    parsed = parse(url)
    waits = LongWaits(long_waits)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", lambda tx: begin(tx, waits))
        return Database(engine)
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS,
        # One round trip, not four: at READ COMMITTED, BEGIN and ROLLBACK promise nothing to a read.
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # an error's text goes to the log, and parameters are people's names
        json_deserializer=orjson.loads,  # the standard one takes a sixth of a list's time
    )
    server = PostgresLink(dict(engine.dialect.create_connect_args(parsed)[1]), *SECONDS[use], waits)
    database = Database(engine, server, isolation_level="READ COMMITTED")
    event.listen(engine, "do_connect", lambda *_: database.dial(server))

    # A connection that lay in the pool may be dead without knowing it. One that was just made was
    # greeted a moment ago, and is not asked again.
    def look(connection: Bounded, record: Any, _proxy: object) -> None:
        used_before = record.info.get("used_before", False)
        record.info["used_before"] = True
        if used_before and not database.trusts(connection):
            raise DisconnectionError

    event.listen(engine, "checkout", look)
    return database


def insert(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say ON CONFLICT, which SQLAlchemy leaves to the dialects."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
