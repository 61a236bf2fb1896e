"""Databases for tests: SQLite files copied from a migrated one, PostgreSQL databases that are
emptied and used again.

Emptying takes a millisecond. A database from a template takes 15 to 300: it is hundreds of new
files.
"""

import os
import secrets
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import psycopg
from sqlalchemy import make_url

from storage import migrations
from storage.schema.database import create
from storage.schema.tables import metadata
from tests.support.postgres import PostgresServer

ENOUGH_BYTES = 256 << 20
Kind = Literal["sqlite", "postgresql"]


def migrate(url: str) -> str:
    database = create(url)
    migrations.migrate(database)
    with database.read() as tx:
        filled = [
            table.name
            for table in metadata.sorted_tables
            if tx.execute(table.select().limit(1)).first()
        ]
    database.close()
    # Emptying would take such rows away for every test but the first.
    assert filled == [], (
        f"migrations put rows into {filled}: teach PostgresDatabases.fresh to keep them"
    )
    return url


def in_memory() -> TemporaryDirectory[str]:
    """A folder for files that need not survive a power cut: in memory, where there is a place.

    Each commit of SQLite waits for the disk, which is half of such a test's wall. Some containers
    have no such place, or a small one.
    """
    shared = "/dev/shm"
    there = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ENOUGH_BYTES
    # A process that ends late may still write while the folder goes.
    return TemporaryDirectory(
        prefix="coachcal-", dir=shared if there else None, ignore_cleanup_errors=True
    )


def copy_of(template: Path, target: Path) -> str:
    return f"sqlite:///{shutil.copyfile(template, target)}"


class PostgresDatabases:
    """The databases of one server for one test process."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._made: list[str] = []
        self._free: list[str] = []
        self._cleaners: dict[str, psycopg.Connection[Any]] = {}

    def blank(self) -> str:
        """A new database without a table."""
        url = self.server.create_database(f"coachcal_test_{secrets.token_hex(6)}")
        self._made.append(url)
        return url

    def copy(self, url: str) -> str:
        """A new database with all that this one has, to which nobody is connected."""
        copied = make_url(url)
        name = f"coachcal_test_{secrets.token_hex(6)}"
        with psycopg.connect(self.server.url, autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied.database}"'.encode())
        made = copied.set(database=name).render_as_string(hide_password=False)
        self._made.append(made)
        return made

    def fresh(self) -> str:
        """A migrated database without a row. Hand it back with `release`."""
        if not self._free:
            return migrate(self.blank())
        url = self._free.pop()
        self._empty(url)
        return url

    def release(self, url: str) -> None:
        self._free.append(url)

    def drop(self, url: str) -> None:
        self._made.remove(url)
        cleaner = self._cleaners.pop(url, None)
        if cleaner is not None:
            cleaner.close()
        with psycopg.connect(self.server.url, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'.encode())

    def drop_all(self) -> None:
        for url in tuple(self._made):
            self.drop(url)

    def close(self) -> None:
        for cleaner in self._cleaners.values():
            cleaner.close()

    def _empty(self, url: str) -> None:
        """Over a connection that stays: opening one costs more than emptying the database."""
        if url in self._cleaners:
            try:
                self._cleaners[url].execute(EMPTY)
                return
            except psycopg.OperationalError:
                self._cleaners[url].close()  # a test ended every connection there was
        self._cleaners[url] = psycopg.connect(url, autocommit=True, application_name=CLEANER)
        self._cleaners[url].execute(EMPTY)


CLEANER = "cleaner"
# One round trip. First ends the connections that an earlier test left open, with their locks.
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
DELETIONS = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
EMPTY = "; ".join([f"SELECT pg_terminate_backend(pid) {OTHERS}", *DELETIONS]).encode()
