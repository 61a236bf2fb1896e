"""The sweep that finds out that Redis went away: what it took is not kept from the next one."""

from collections.abc import Callable

from storage.rows import outbox, refresh_jobs
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import http_client, people
from tests.support.databases import Kind
from workers import clock


def test_what_redis_did_not_take_is_swept_again_as_soon_as_it_is_back(
    fresh_database: Callable[[Kind], str],
) -> None:
    # Given what is owed, and a Redis of which nobody knows yet that it is gone
    with http_client.opened(fresh_database("sqlite")) as desk:
        services = desk.runtime.services
        connection_id = people.ready(desk.database)
        people.mark_dirty(desk.database, connection_id)
        with desk.database.write() as tx:
            wanted = Wanted("ada", people.at(3, 9), 60)
            bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
            tx.execute(tables.outbox.update().values(wake_after_ms=0))
            tx.execute(tables.connections.update().values(wake_after_ms=0))
        # When the clock sweeps
        assert not services.breaker.open
        swept = clock.sweep(services, desk.runtime.actors)
        assert services.breaker.open
        assert swept > 1
        # Then the next sweep finds the same
        with desk.database.write() as tx:
            again = len(refresh_jobs.sweep(tx)) + len(outbox.sweep(tx, now=services.now()))
        assert again == swept


def test_a_sweep_that_finds_nothing_asks_redis_nothing(
    fresh_database: Callable[[Kind], str],
) -> None:
    # Given a Redis of which nobody knows yet that it is gone, and nothing that is owed
    with http_client.opened(fresh_database("sqlite")) as desk:
        services = desk.runtime.services
        people.ready(desk.database)
        # When the clock sweeps
        assert clock.sweep(services, desk.runtime.actors) == 0
        # Then nobody has found out
        assert not services.breaker.open
