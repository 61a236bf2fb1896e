"""Databases for tests: SQLite files copied from a migrated one, PostgreSQL databases that are
emptied and used again.

Emptying takes a millisecond. A database from a template takes 15 to 300: it is hundreds of new
files.
"""

import secrets
import shutil
from pathlib import Path
from typing import Literal

from sqlalchemy import create_engine, make_url, text

from storage import migrations
from storage.schema.database import create
from storage.schema.tables import metadata
from workers.embedded.postgres import PostgresServer

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


def copy_of(template: Path, target: Path) -> str:
    return f"sqlite:///{shutil.copyfile(template, target)}"


class PostgresDatabases:
    """The databases of one server for one test process."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._made: list[str] = []
        self._free: list[str] = []

    def blank(self) -> str:
        """A new database without a table."""
        url = self.server.create_database(f"coachcal_test_{secrets.token_hex(6)}")
        self._made.append(url)
        return url

    def fresh(self) -> str:
        """A migrated database without a row. Hand it back with `release`."""
        if not self._free:
            return migrate(self.blank())
        url = self._free.pop()
        _empty(url)
        return url

    def release(self, url: str) -> None:
        self._free.append(url)

    def drop(self, url: str) -> None:
        self._made.remove(url)
        self._on(self.server.url, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def drop_all(self) -> None:
        for url in tuple(self._made):
            self.drop(url)

    def _on(self, url: str, statement: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def _empty(url: str) -> None:
    """Take every row away, and end the connections that an earlier test left open, with their
    locks.
    """
    engine = create_engine(url)
    with engine.begin() as tx:
        others = (
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tx.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
    engine.dispose()
