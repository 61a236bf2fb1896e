"""Whether each duty has a worker, wherever it runs."""

from collections.abc import Iterator

from storage.reports import metrics
from storage.rows import refresh_jobs
from workers import queues
from workers.actors import QUEUES
from workers.doctor.finding import Finding
from workers.services import Services


def look(services: Services) -> Iterator[Finding]:
    """Nothing to say while Redis is away: that is told."""
    unmanned = queues.unmanned(services)
    if unmanned is None:
        return
    if not unmanned:
        yield Finding("workers", "each queue has one")
    elif len(unmanned) == len(QUEUES) and not _is_owed(services):
        # Before the first start, and in a test of the settings.
        yield Finding("workers", "none runs, and nothing waits for one")
    else:
        start = "coachcal work"
        if len(unmanned) < len(QUEUES):
            start += f" --queues {','.join(unmanned)}"
        yield Finding("workers", f"none takes from {', '.join(unmanned)}", f"start: {start}")


def _is_owed(services: Services) -> bool:
    with services.database.read() as tx:
        owed = refresh_jobs.backlog(tx).dirty
        return bool(owed or metrics.oldest_due(tx, now=services.corrected_now()))
