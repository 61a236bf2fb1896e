"""Schema changes, one at a time: `migrate(database)` brings any database to the newest one, and `revision=` elsewhere.

Safe to run from every release at once: on PostgreSQL an advisory lock lets one run and the others find nothing to do;
on SQLite the write lock does. All of it is one transaction, so a failed migration leaves the old schema whole.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from storage import deadlines
from storage.database import Database, Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
HEAD = max(file.name for file in (HERE / "versions").glob("*.py")).partition("_")[0]
MOST_SECONDS = 1200  # for another release's migration, and then our own
ADVISORY_LOCK = 0x636F616368  # "coach": any number will do, as long as every release takes the same one


def migrate(database: Database, revision: str = "head") -> None:
    """Move the schema to `revision` (`head`, `base`, or an id), up or down."""
    # Here, because alembic takes longer to load than all that a web process uses of the database.
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with deadlines.within(MOST_SECONDS), database.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            # A table that somebody holds fails this release fast, instead of queueing every query behind it.
            tx.exec_driver_sql("SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min'")
            tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        config = _config()
        config.attributes["connection"] = tx
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        current = MigrationContext.configure(tx).get_current_revision()
        backwards = revision == "base" or (revision in known and _is_older(config, revision, current))
        (command.downgrade if backwards else command.upgrade)(config, revision)


def is_current(database: Database) -> bool:
    """Whether the schema is the one this code was written for. False too when there is no schema at all."""
    try:
        with database.read() as tx:
            current: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    except (*Unavailable, ProgrammingError):  # away, or without that table
        return False
    return current == HEAD


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    return config


def _is_older(config: "Config", revision: str, current: str | None) -> bool:
    from alembic.script import ScriptDirectory

    if current is None:
        return False
    older = ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    return revision in {script.revision for script in older} - {current}
