"""Schema changes, one at a time: `migrate(database)` brings any database to the newest one, and `revision=` elsewhere.

Safe to run from every release at once: on PostgreSQL an advisory lock lets one run and the others find nothing to do;
on SQLite the write lock does. All of it is one transaction, so a failed migration leaves the old schema whole.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database, Unavailable

ADVISORY_LOCK = 0x636F616368  # "coach": any number will do, as long as every release takes the same one


def migrate(database: Database, revision: str = "head") -> None:
    """Move the schema to `revision` (`head`, `base`, or an id), up or down."""
    with database.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql(f"SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            # A table that somebody holds fails this release fast, instead of queueing every query behind it.
            tx.exec_driver_sql("SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min'")
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
            current = MigrationContext.configure(tx).get_current_revision()
    except Unavailable:
        return False
    return current == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _is_older(config: Config, revision: str, current: str | None) -> bool:
    if current is None:
        return False
    older = ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    return revision in {script.revision for script in older} - {current}
