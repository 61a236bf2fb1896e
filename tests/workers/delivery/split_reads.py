"""A read of Ada's account in two halves, between which anything may happen."""

from collections.abc import Callable

from storage.rows import refresh_jobs
from storage.transactions import store_reading
from tests.support import touched_events
from tests.support.written_sessions import Diary
from workers.jobs import freebusy


def begin_read(ada: Diary) -> Callable[[], None]:
    """Read from Cronofy; what is answered stores it, unless another read has been made since."""
    touched_events.owe_read(ada)
    services = ada.services
    with services.database.write() as tx:
        held = refresh_jobs.claim(tx, ada.account.connection_id, lease_ms=30_000, gap_ms=0)
    assert held is not None
    observed = freebusy.observe(services, held)

    def store() -> None:
        with services.database.write() as tx:
            store_reading.store(tx, held, observed, now=services.now(), terms=services.terms())

    return store
