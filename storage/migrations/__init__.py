"""Schema changes, one at a time: `migrate(database)` brings any database to the newest one, and
`revision=` elsewhere.

Safe to run from every release at once: on PostgreSQL an advisory lock lets one run and the others
find nothing to do; on SQLite the write lock does. All of it is one transaction, so a failed
migration leaves the old schema whole.
"""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from storage.schema import deadlines
from storage.schema.causes import MIGRATE, cause
from storage.schema.database import Database, Unavailable
from storage.schema.outages import kind_of

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
NAMES = re.compile(r'^revision = "(\w+)"\ndown_revision = "?(\w+)', re.MULTILINE)
# Each, and which it follows: their numbers only tell them apart.
FOLLOWS: dict[str, str] = {}
for _file in (HERE / "versions").glob("*.py"):
    FOLLOWS |= dict(NAMES.findall(_file.read_text()))
KNOWN = frozenset(FOLLOWS)
(HEAD,) = KNOWN - set(FOLLOWS.values())
MOST_SECONDS = 1200  # for another release's migration, and then our own
SQLITE_SECONDS = 60  # the same on SQLite, for the one lock there is
ADVISORY_LOCK = (
    0x636F616368  # "coach": any number will do, as long as every release takes the same one
)

Standing = Literal["away", "none", "older", "current", "newer"]


class UnknownRevision(LookupError):
    """Not `head`, `base` or a revision of this release; or the database's own is none of them."""


class Destroys(Exception):
    """The way to this revision drops tables with all that is in them; that was not allowed."""


def migrate(database: Database, revision: str = "head", *, destroy: bool = False) -> None:
    """Move the schema to `revision` (`head`, `base`, or an id), up or, with `destroy`, down.

    Raises UnknownRevision, and Destroys where the way is down without `destroy`: nothing is
    changed then.
    """
    end = time.monotonic() + SQLITE_SECONDS
    while True:
        try:
            return _migrate(database, revision, destroy=destroy)
        except OperationalError as error:
            # On SQLite it is the lock of all writers that two releases stand in line for: one
            # patience for it is a request's, and may be shorter than the other one's migration.
            on_sqlite = database.engine.dialect.name == "sqlite"
            if not on_sqlite or kind_of(error) != "busy" or time.monotonic() > end:
                raise


def _migrate(database: Database, revision: str, *, destroy: bool) -> None:
    # Here, because alembic takes longer to load than all that a web process uses of the database.
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with deadlines.within(MOST_SECONDS), database.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            # A table that somebody holds fails this release fast, instead of queueing every query
            # behind it.
            tx.exec_driver_sql(
                "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min'"
            )
            tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        config = _config()
        config.attributes["connection"] = tx
        # The newest first.
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        current = MigrationContext.configure(tx).get_current_revision()
        # Decided under the lock: another release may have moved the schema since then.
        backwards = _is_back(revision, current, known)
        if backwards and not destroy:
            raise Destroys(f"from {current} back to {revision}")
        (command.downgrade if backwards else command.upgrade)(config, revision)


def standing(database: Database) -> Standing:
    """How the schema stands to this release, which also runs with the next one's."""
    try:
        with database.read() as tx:
            current: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    except (*Unavailable, ProgrammingError) as error:
        # SQLite says that a table is missing as it says that it is away, PostgreSQL does not.
        return "none" if cause(error) is MIGRATE else "away"
    if current in (None, HEAD):
        return "none" if current is None else "current"
    return "older" if current in KNOWN else "newer"


def try_writing(database: Database) -> None:
    """Commit something that changes nothing. Raises whatever the database does; it
    needs a schema.
    """
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = version_num"))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    return config


def _is_back(revision: str, current: str | None, known: list[str]) -> bool:
    """Whether the way leads down. `known`: this release's revisions, the newest first."""
    if revision not in ("head", "base", *known):
        names = ", ".join(["head", "base", *sorted(known)])
        raise UnknownRevision(f"there is no revision {revision}; --to takes {names}")
    if current is None:
        return False
    if current not in known:
        raise UnknownRevision(
            f"the database has the schema of a newer release ({current}), with which this one"
            " works;"
            " to go back, run that release's coachcal migrate --to"
        )
    if revision in ("head", "base"):
        return revision == "base"
    return known.index(revision) > known.index(current)
