"""What stands between us and PostgreSQL, and for how long it gives us a server: a transaction, as
we want it, or as long as we are connected.
"""

from typing import Any, Literal

from sqlalchemy import func, select, text

from storage.schema import deadlines
from storage.schema.database import Database, Unavailable

TRIES = 5
SECONDS = 3.0
BACKEND = select(func.pg_backend_pid())
ROOM = text(
    "SELECT current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
)


def keeps_for(database: Database) -> Literal["transaction", "connection", "one"] | None:
    """None: nobody stands there. "one": a second transaction, beside the one that is under way,
    gets no server. Raises one of Unavailable where not even the first does.
    """
    if database.engine.dialect.name != "postgresql":
        return None
    with deadlines.within(SECONDS), database.read() as ours:
        driver: Any = ours.connection.driver_connection
        if not driver.pooled:
            return None
        # A transaction of somebody else takes the server that we were just given, if it is not
        # ours to keep: then we are given another one. More than once, because a third one may take
        # it first, and leave it to us again.
        for _ in range(TRIES):
            before = ours.scalar(BACKEND)
            try:
                with database.write():
                    if ours.scalar(BACKEND) != before:
                        return "transaction"
            except Unavailable:
                return "one"
    return "connection"


def room(database: Database) -> tuple[int, bool] | None:
    """How many connections the server takes, and whether somebody stands in between; None: it has
    no such bound. Raises one of Unavailable.
    """
    if database.engine.dialect.name != "postgresql":
        return None
    with deadlines.within(SECONDS), database.read() as tx:
        driver: Any = tx.connection.driver_connection
        return int(tx.scalar(ROOM) or 0), driver.pooled
