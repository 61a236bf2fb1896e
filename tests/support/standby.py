"""A PostgreSQL with a standby beside it, which a test promotes: what happens to us in a fail-over.

with replicated(synchronous=True) as pair:
    url = pair.create_database("coachcal")  # names both hosts, and wants the one that can write
    pair.promote()  # the primary is killed, the standby takes over
    pair.rejoin()   # for another fail-over: whoever was killed comes back as the standby
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Literal

from tests.support.postgres import PostgresServer, postgres_server, standby_of

SECONDS = 60.0


@dataclass
class Pair:
    """`primary` is who can write now; after `promote` there is no standby until `rejoin`."""

    primary: PostgresServer
    standby: PostgresServer
    synchronous: bool
    _stack: ExitStack

    def create_database(self, name: str) -> str:
        self.primary.create_database(name)
        return self.url(name)

    def url(self, name: str) -> str:
        """Of the database on both hosts, whoever of them can write."""
        first, second = urlsplit(self.primary.url), urlsplit(self.standby.url)
        login, at, _ = first.netloc.rpartition("@")
        hosts = f"{first.hostname}:{first.port},{second.hostname}:{second.port}"
        return f"postgresql://{login}{at}{hosts}/{name}?target_session_attrs=read-write"

    def url_of_primary(self, name: str) -> str:
        return urlsplit(self.primary.url)._replace(path=f"/{name}").geturl()

    def promote(self) -> None:
        """Kill the primary; the standby is the primary from now on. Back once it can write."""
        self.primary.kill()
        _run(self.standby.url, "SELECT pg_promote(true, 60)")
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """A new standby in the place of the one that was killed, at its address if it had been told
        one; else its port is another.
        """
        self.standby = self._stack.enter_context(standby_of(self.primary, self.standby.at))
        self.begin()

    def begin(self) -> None:
        """Wait until the standby follows; then commits wait for it, if they are to."""
        _until(
            self.primary.url,
            "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'",
        )
        names = "*" if self.synchronous else ""
        _run(self.primary.url, "ALTER SYSTEM SET synchronous_standby_names = {}", names)
        _run(self.primary.url, "SELECT pg_reload_conf()")
        if self.synchronous:
            _until(
                self.primary.url,
                "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'",
            )

    def fall_behind(self) -> None:
        """Let the standby fall behind: it hears nothing of the primary any more. First it has heard
        of all there is.
        """
        heard = "flush_lsn >= pg_current_wal_flush_lsn()"
        _until(self.primary.url, f"SELECT count(*) > 0 FROM pg_stat_replication WHERE {heard}")
        _run(self.standby.url, "ALTER SYSTEM SET primary_conninfo = ''")
        _run(self.standby.url, "SELECT pg_reload_conf()")
        _until(self.primary.url, "SELECT count(*) = 0 FROM pg_stat_replication")


@contextmanager
def replicated(*, synchronous: bool) -> Iterator[Pair]:
    """`synchronous`: a commit is answered once the standby has it, so a fail-over loses none."""
    with ExitStack() as stack:
        primary = stack.enter_context(postgres_server())
        standby = stack.enter_context(standby_of(primary))
        pair = Pair(primary, standby, synchronous, stack)
        pair.begin()
        yield pair


def _run(url: str, statement: str, *values: str) -> object:
    with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
        said = connection.execute(SQL(statement).format(*map(Literal, values)))
        row = said.fetchone() if said.description else None
    return row and row[0]


def _until(url: str, question: str) -> None:
    end = time.monotonic() + SECONDS
    while not _run(url, question):
        assert time.monotonic() < end, f"not within {SECONDS:.0f} s: {question}"
        time.sleep(0.05)
