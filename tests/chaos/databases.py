"""The product's database, and what can befall it. Everything here goes past the proxy, with drivers
of its own.
"""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.postgres import At, postgres_server, standby_of
from tests.support.standby import Pair

NAME = "coachcal"
START_SECONDS = 60.0
FOLLOW_SECONDS = 2.0


class Sqlite:
    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    @property
    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    @property
    def folder(self) -> Path:
        return self.path.parent

    def query(self, statement: str) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20) as opened:
            opened.row_factory = sqlite3.Row
            return [dict(row) for row in opened.execute(statement)]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        names = self.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {each["name"]: self.query(f'SELECT * FROM "{each["name"]}"') for each in names}

    def heal(self) -> None:
        """Nothing of it can be down."""


class Postgres:
    """`server`: who can write now. `home`: where servers keep their folders. `at`: where
    the first one listens.
    """

    kind = "postgresql"

    def __init__(
        self, home: Callable[[], AbstractContextManager[None]], at: At | None = None
    ) -> None:
        self._home = home
        self._life = ExitStack()
        self._frozen: list[int] = []
        with home():
            self.server = self._life.enter_context(postgres_server(at=at))
        self.server.create_database(NAME)

    def close(self) -> None:
        self._life.close()

    @property
    def folder(self) -> Path:
        return self.server.folder

    @property
    def url(self) -> str:
        return urlsplit(self.server.url)._replace(path=f"/{NAME}").geturl()

    @property
    def version(self) -> str:
        return "PostgreSQL " + str(self.query("SHOW server_version")[0]["server_version"])

    def query(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(
            self.url, autocommit=True, row_factory=dict_row, connect_timeout=10
        ) as opened:
            return opened.execute(statement.encode()).fetchall()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        names = self.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        return {each["name"]: self.query(f'SELECT * FROM "{each["name"]}"') for each in names}

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`: no good-bye, and recovery at the next start."""
        self.server.stop("immediate")

    def start(self) -> None:
        self.server.restart()
        self._wait()

    def freeze(self) -> None:
        """All its processes, those that begin meanwhile too: the first of them, which begins them,
        goes first.
        """
        self._frozen = [self.server.pid]
        os.kill(self.server.pid, signal.SIGSTOP)
        for pid in _children(self.server.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._frozen.append(pid)

    def thaw(self) -> None:
        for pid in reversed(self._frozen):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def fail_over(self, beside: Callable[[int], None]) -> None:
        """A synchronous standby is set up, follows for a while under load, and takes over as the
        primary is killed.

        `beside` is told the standby's port.
        """
        life = ExitStack()
        with self._home():
            standby = life.enter_context(standby_of(self.server))
        pair = Pair(self.server, standby, True, life)
        beside(urlsplit(standby.url).port or 0)
        pair.begin()
        time.sleep(FOLLOW_SECONDS)
        pair.promote()
        self.server = standby
        self._life.close()
        self._life = life

    def refuse_writes(self) -> None:
        """As a fail-over does that leaves the old primary read-only: every connection is cut, new
        ones cannot write.
        """
        self._alter("SET default_transaction_read_only = on")
        self._admin(
            sql.SQL(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
            ).format(NAME)
        )

    def take_writes(self) -> None:
        """Nobody's connection is cut by that."""
        self._alter("RESET default_transaction_read_only")

    def heal(self) -> None:
        """Whatever befell it, it answers again: as its supervisor would see to."""
        try:
            os.kill(self.server.pid, 0)
        except (ProcessLookupError, RuntimeError):
            self.start()
        with suppress(psycopg.OperationalError):
            self._wait(3.0)
            return
        self.start()

    def _alter(self, how: str) -> None:
        self._admin(sql.SQL("ALTER DATABASE {} ").format(sql.Identifier(NAME)) + sql.SQL(how))

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.url, autocommit=True, connect_timeout=10) as opened:
            opened.execute(statement)

    def _wait(self, seconds: float = START_SECONDS) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                self.query("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
