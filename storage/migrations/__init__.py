"""Schema changes, one at a time: `migrate(database)` brings any database to the newest one, and
`revision=` elsewhere.

Safe to run from every release at once: on PostgreSQL an advisory lock lets one run and the others
find nothing to do; on SQLite the write lock does. On PostgreSQL each migration is a transaction, so
that none holds the locks of another, and one that fails leaves the schema as the one before it made
it. On SQLite, and where nothing is yet, all of it is one transaction.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
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
MOST_SECONDS = 1200  # for another release's migration, and as long again for our own
SQLITE_SECONDS = 60  # the same on SQLite, for the one lock there is
ADVISORY_LOCK = (
    0x636F616368  # "coach": any number will do, as long as every release takes the same one
)
TAKE_TURN = f"SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK})"

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
    with deadlines.within(MOST_SECONDS):
        if database.engine.dialect.name == "postgresql":
            _step_by_step(database, revision, destroy=destroy)
        else:
            _at_once(database, revision, destroy=destroy)


def _step_by_step(database: Database, revision: str, *, destroy: bool) -> None:
    # Here, as below, because alembic takes longer to load than all that a web process uses of the
    # database.
    from storage.migrations.gently import patiently

    with _alone(database) as tx:
        backwards, steps = _way(tx, revision, destroy=destroy)
        for step in steps:
            patiently(partial(_take, database, step, backwards=backwards))


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """No other release migrates meanwhile: this transaction holds the lock."""
    from storage.migrations.gently import keep_out_of_the_way

    with database.write() as tx:
        keep_out_of_the_way(tx)
        tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        _take_turn(tx)
        yield tx


def _take_turn(tx: Connection) -> None:
    """Raises OperationalError, which is `busy`, where another release is at it for too long."""
    from storage.migrations.gently import PAUSE_SECONDS

    # Asked again and again: a statement that waits for the lock looks at one moment of the database
    # until it has it. The other release's index waits for all who look at what was before it, and
    # on another connection than the one with the lock: PostgreSQL would not see that cycle.
    end = time.monotonic() + MOST_SECONDS
    while not tx.exec_driver_sql(TAKE_TURN).scalar_one():
        if time.monotonic() > end:
            refusal = LockNotAvailable("another release migrates; run it again after that")
            raise OperationalError(TAKE_TURN, None, refusal)
        time.sleep(PAUSE_SECONDS)


def _take(database: Database, step: str, *, backwards: bool) -> None:
    from storage.migrations.gently import hurry, keep_out_of_the_way

    with database.write() as tx:
        keep_out_of_the_way(tx)
        tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        # Who waits for a table keeps every query behind it waiting: it gives up soon, and tries
        # again.
        hurry(tx)
        beside = None
        # Where nothing is, nobody is at work: all steps are one.
        if _current(tx) is not None:
            beside = database
        _run(tx, step, backwards=backwards, beside=beside)


def _at_once(database: Database, revision: str, *, destroy: bool) -> None:
    end = time.monotonic() + SQLITE_SECONDS
    while True:
        try:
            with database.write() as tx:
                backwards, _ = _way(tx, revision, destroy=destroy)
                return _run(tx, revision, backwards=backwards, beside=None)
        except OperationalError as error:
            # On SQLite it is the lock of all writers that two releases stand in line for: one
            # patience for it is a request's, and may be shorter than the other one's migration.
            if kind_of(error) != "busy" or time.monotonic() > end:
                raise


def _run(tx: Connection, revision: str, *, backwards: bool, beside: Database | None) -> None:
    """`beside`: where a migration works outside of its transaction, if it may."""
    from alembic import command

    config = _config()
    config.attributes |= {"connection": tx, "beside": beside}
    (command.downgrade if backwards else command.upgrade)(config, revision)


def _way(tx: Connection, revision: str, *, destroy: bool) -> tuple[bool, list[str]]:
    """Whether it leads down, and its steps. Decided under the lock: another release may have moved
    the schema just now.
    """
    from alembic.script import ScriptDirectory

    # The newest first.
    known = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
    current = _current(tx)
    backwards = _is_back(revision, current, known)
    if backwards and not destroy:
        raise Destroys(f"from {current} back to {revision}")
    if current is None:
        return backwards, [revision]
    at = known.index(current)
    if backwards:
        below = [*known, "base"]
        return True, below[at + 1 : below.index(revision) + 1]
    goal = 0
    if revision != "head":
        goal = known.index(revision)
    return False, known[goal:at][::-1]


def _current(tx: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(tx).get_current_revision()


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
