"""Connections to PostgreSQL on which every wait ends, and which can be written; for the pool, and
beside it.

Over several hosts (postgresql://user@one:5432,two:5432/db) the first that can be written is taken.
Through PgBouncer, in transaction mode too: there no statement is prepared, and the limits that the
server is to keep go with each transaction, because a session has none of its own.
"""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.errors import ConnectionTimeout, LockNotAvailable, ReadOnlySqlTransaction, _WaitTimeout
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from storage.schema import deadlines
from storage.schema.lock_looks import LockLooks
from storage.schema.long_waits import LongWaits
from storage.schema.outages import Crowded

Result = TypeVar("Result")

CONNECT_SECONDS = 2.0  # for all hosts together
PROBE_SECONDS = 2.0
LOCK_SECONDS = 4
IDLE_SECONDS = 10
INTERVAL = 0.1
# A connection that heard nothing for so long is asked first, and gets so long for that: the network
# may have forgotten it, and nobody would tell us before the whole patience for an answer is over.
QUIET_SECONDS, PING_SECONDS = 2.0, 0.7
ROLLBACK_SECONDS = 0.7
# A lost peer is noticed by the kernel:
# whatever we sent unacknowledged for 5 s, or silence for 11 s.
KEEPALIVES = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
REFUSES_OPTIONS = "unsupported startup parameter"  # PgBouncer, unless it is told to ignore them
GREETING = "SELECT pg_backend_pid(), current_setting('transaction_read_only')"


class _Dialling(threading.local):
    """What one attempt to connect may take, and all of them;
    psycopg tries the hosts one after another.
    """

    each = CONNECT_SECONDS
    until = 0.0


_dialling = _Dialling()


class Unanswered(ConnectionTimeout):
    """No answer came within the deadline. `made`, `asked`: when the connection was made, and when
    it was asked, by time.monotonic.
    """

    def __init__(self, made: float, asked: float) -> None:
        super().__init__("no answer within the deadline")
        self.made = made
        self.asked = asked


class Bounded(psycopg.Connection[Any]):
    """`made`, `answered`: when it was made, and answered last, by time.monotonic. `pooled`:
    somebody stands between us and the server. `backend`: the server's process that works for us,
    where that can be said: through a pooler only within a transaction. `asks_why`: whether, left
    without an answer, it asks on another line what it waits for.
    """

    server: "PostgresLink"
    waits: LongWaits
    made = 0.0
    answered = 0.0
    pooled = False
    backend: int | None = None
    asks_why = False

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Any]:
        """psycopg's own, for as long as `_dialling` says: its time-outs are 2 s a host or more."""
        attempt = super()._connect_gen(conninfo)
        until = min(_dialling.until, monotonic() + _dialling.each)
        try:
            awaited = next(attempt)
            while True:
                ready = yield awaited
                if monotonic() > until:
                    raise ConnectionTimeout("no connection within its share of the time")
                awaited = attempt.send(ready)
        except StopIteration as done:
            return done.value

    def wait(
        self,
        gen: Generator[Any, Any, Result],
        interval: float = INTERVAL,
        timeout: float | None = None,
    ) -> Result:
        """psycopg waits through this for whatever it asks.

        Who is not answered in time leaves no connection behind.
        """
        # Short first: nearly all answers come within it,
        # and are not counted among those who wait for long.
        left = deadlines.left(self.server.patience)
        short = min(left, self.waits.short)
        began = monotonic()
        try:
            answer = waiting.wait(gen, self.pgconn.socket, interval, short)
        except _WaitTimeout:
            answer = self._wait_for_long(gen, interval, left - short, began)
        finally:
            deadlines.waited(began)
        self.answered = monotonic()
        return answer

    def answers(self) -> bool:
        """Whether somebody is still there. A round trip,
        for a connection that lay idle for long; else none.
        """
        if monotonic() - self.answered < QUIET_SECONDS:
            return True
        try:
            with deadlines.within(min(PING_SECONDS, deadlines.left(PING_SECONDS))):
                self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def rollback(self) -> None:
        """Gets a moment when the time is over, too: unanswered it would hide why we gave up."""
        left, began = deadlines.left(self.server.patience), monotonic()
        try:
            with deadlines.within(max(left, ROLLBACK_SECONDS)):
                super().rollback()
        finally:
            deadlines.waited(began)

    def _wait_for_long(
        self, gen: Generator[Any, Any, Result], interval: float, left: float, asked: float
    ) -> Result:
        """The generator goes on where it was."""
        end = monotonic() + left
        try:
            with self.waits.one_more():
                while (left := end - monotonic()) > 0:
                    with suppress(_WaitTimeout):
                        return waiting.wait(
                            gen, self.pgconn.socket, interval, min(left, self.waits.SLICE)
                        )
                    self.waits.look_up()
                raise _WaitTimeout
        except _WaitTimeout:
            pass
        except Crowded:
            self.pgconn.finish()
            raise
        # Asked before it is thrown away: the server forgets what a closed connection waited for.
        had_time = monotonic() - asked >= self.waits.LONG
        blocked = self.asks_why and self.server.looks.is_blocked(self.backend)
        # The race: the server gives a lock up, and says so, in the moment in which we ask. Then
        # nobody waits for a lock any more, and the answer that lies there would pass for silence.
        # Once: who asked without any time left would be later with each answer. Nor where a lock
        # is in the way: one that comes now finds no time left for what follows.
        with suppress(_WaitTimeout):
            if had_time and not blocked:
                return waiting.wait(gen, self.pgconn.socket, interval, 0)
        self.pgconn.finish()
        if blocked:
            raise LockNotAvailable("a lock did not come within the deadline")
        raise Unanswered(self.made, asked)


class PostgresLink:
    """Where connections come from.

    `patience`: seconds that we wait for an answer, if no deadline says less; `seconds`: what the
    server lets a statement take.
    """

    def __init__(
        self, arguments: dict[str, Any], patience: float, seconds: float, waits: LongWaits
    ) -> None:
        self.patience = patience
        self.waits = waits
        self.looks = LockLooks(lambda: self.connect(LongWaits(None), asks_why=False))
        self.arguments = arguments | KEEPALIVES | {"autocommit": True}
        self._hosts = len(str(arguments.get("host", "")).split(","))
        self.pooled = False  # when we connected last
        self._own_options = arguments.get("options")
        self.settings = {
            "statement_timeout": f"{seconds:.0f}s",
            "lock_timeout": f"{LOCK_SECONDS}s",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
            # The price: compiling a statement takes it 20 ms, and none of ours is so long that it
            # would win them back: a page of 100 coaches takes 10.
            "jit": "off",
        }
        ours = [f"-c {name}={value}" for name, value in self.settings.items()]
        self.arguments["options"] = " ".join([*filter(None, [self._own_options]), *ours])
        # libpq then goes on to the next host where one is a standby. With one host there is none
        # to go on to, and `_greet` says what is the matter.
        if self._hosts > 1:
            self.arguments.setdefault("target_session_attrs", "read-write")

    def connect(self, waits: LongWaits | None = None, *, asks_why: bool = True) -> Bounded:
        """A connection that can be written. Raises psycopg.Error.

        `waits`: among which its own count, if not among those of all.
        """
        try:
            connection = self._dial()
        except psycopg.OperationalError as error:
            # Those of DATABASE_URL are not ours to drop: without its search_path, say, we would
            # find the tables of somebody else, or none.
            if REFUSES_OPTIONS not in str(error) or self._own_options:
                raise
            # Several threads may learn it at once: for the second there is nothing left to take.
            self.arguments.pop("options", None)
            connection = self._dial()
        connection.server, connection.waits = self, waits or self.waits
        connection.made = connection.answered = monotonic()
        try:
            self._greet(connection)
        except psycopg.Error:
            connection.close()
            raise
        # Not before: behind a pooler that lets us in by itself the greeting of a lost server has no
        # answer, nor has the one of the line on which we would ask why.
        connection.asks_why = asks_why
        return connection

    @contextmanager
    def limited(self, tx: Connection) -> Iterator[None]:
        """What is asked of this transaction has the settings of a session. Behind a pooler that is
        somebody else's before and after, so they go with the transaction.
        """
        driver: Any = tx.connection.driver_connection
        if not driver.pooled:
            yield
            return
        ours = [f"set_config('{name}', '{value}', true)" for name, value in self.settings.items()]
        asked = ", ".join(["pg_backend_pid()", *ours])
        driver.backend = tx.exec_driver_sql(f"SELECT {asked}").scalar_one()
        try:
            yield
        finally:
            driver.backend = None

    def probe(self) -> None:
        """Raises psycopg.Error unless a new connection can be had, and written."""
        with deadlines.within(PROBE_SECONDS):
            self.connect(LongWaits(None)).close()

    def _dial(self) -> Bounded:
        whole = min(CONNECT_SECONDS, deadlines.left(CONNECT_SECONDS))
        began = monotonic()
        _dialling.until, _dialling.each = began + whole, whole / self._hosts
        try:
            return Bounded.connect(**self.arguments)
        finally:
            deadlines.waited(began)

    def _greet(self, connection: Bounded) -> None:
        """Ask what it is. A read-only one would stay so for its life, and pollute the pool."""
        row = connection.execute(GREETING).fetchone()
        pid, read_only = row or (None, "off")
        if read_only == "on":
            raise ReadOnlySqlTransaction("the database cannot be written")
        # A pooler makes up a process id of its own when it lets us in. Behind it each transaction
        # may run on another server, which knows nothing that was prepared on the last one.
        self.pooled = connection.pooled = pid != connection.info.backend_pid
        if connection.pooled:
            connection.prepare_threshold = None
        else:
            connection.backend = pid


def parse(url: str) -> URL:
    """As SQLAlchemy's own, and several hosts too: SQLAlchemy wants those as parameters."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    if not scheme.startswith("postgresql") or "," not in hosts:
        return make_url(url)
    parsed = make_url(f"{scheme}://{login}{at}{slash}{path}")
    return parsed.update_query_pairs([("host", host) for host in hosts.split(",")], append=True)
