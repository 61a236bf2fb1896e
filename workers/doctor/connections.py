"""Does PostgreSQL take as many connections as our processes may open?"""

from collections.abc import Iterator

from storage.schema import poolers
from storage.schema.database import Unavailable
from workers.doctor.finding import Finding
from workers.services import Services
from workers.settings import Settings

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
    try:
        found = poolers.room(services.database)
    except Unavailable:
        return
    if found is None:
        return
    room, pooled = found
    most = most_of(services.settings)
    detail = f"this host opens {most} at most, the server takes {room}"
    if pooled:
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
