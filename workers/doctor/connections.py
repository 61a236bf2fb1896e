"""Does PostgreSQL take as many connections as our processes may open?"""

from collections.abc import Iterator

from sqlalchemy import text

from storage.schema.database import Unavailable
from workers.doctor.finding import Finding
from workers.services import Services
from workers.settings import Settings

ROOM = text(
    "SELECT current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
)
FEWER = (
    "raise its max_connections, put PgBouncer in between, or set fewer COACHCAL_WEB_PROCESSES,"
    " COACHCAL_WEB_THREADS, COACHCAL_WORKER_PROCESSES or COACHCAL_WORKER_THREADS"
)


def most_of(settings: Settings) -> int:
    """How many one host opens at most: each process two for a thread (storage.schema.database)."""
    threads = max(settings.web_threads, settings.worker_threads)
    clock = 1
    return 2 * threads * (settings.web_processes + settings.worker_processes + clock)


def look(services: Services) -> Iterator[Finding]:
    """Nothing of SQLite, which has none, nor of a database that is away: another check says so."""
    if services.database.engine.dialect.name != "postgresql":
        return
    try:
        with services.database.read() as tx:
            room = int(tx.scalar(ROOM) or 0)
            driver = tx.connection.driver_connection
    except Unavailable:
        return
    most = most_of(services.settings)
    detail = f"this host opens {most} at most, the server takes {room}"
    if driver is not None and driver.pooled:
        # What it lets through is its own affair: only its console says, to its own users.
        pooler = (
            f"{detail}; PgBouncer in between needs a max_client_conn of {most} for each host, and"
            f" a default_pool_size of less than {room}"
        )
        yield Finding("connections", pooler)
    elif most > room:
        yield Finding("connections", detail, FEWER, warns=True)
    else:
        yield Finding("connections", detail)
