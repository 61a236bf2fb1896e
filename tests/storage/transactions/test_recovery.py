"""A database that was away is back: what could not be written meanwhile is, and whoever waits is
woken at once.
"""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from storage.rows import outbox, refresh_jobs
from storage.rows.outbox import Owed
from storage.schema import tables
from storage.schema.breaker import FAIR_SECONDS
from storage.schema.database import Database, Unavailable, create
from storage.schema.database_clock import clock_ms
from storage.schema.postgres import Unanswered
from storage.transactions import recovery
from tests.support import people
from tests.support.databases import Kind
from tests.support.tcp_proxy import Proxy

PATIENCE = 0.5


@pytest.fixture
def proxied(fresh_database: Callable[[Kind], str]) -> Iterator[tuple[Database, Proxy]]:
    """PostgreSQL with a proxy before it, and a client that waits half a second for an answer."""
    url = fresh_database("postgresql")
    with Proxy.to(url) as proxy:
        database = create(proxy.url(url))
        assert database._server is not None
        database._server.patience = PATIENCE
        yield database, proxy
        database.close()


def one(tx: Connection) -> int:
    return int(tx.execute(text("SELECT 1")).scalar_one())


@pytest.mark.impatient
def test_what_is_insisted_on_is_done_once_the_database_is_back(
    proxied: tuple[Database, Proxy],
) -> None:
    database, proxy = proxied
    assert database.transact(one) == 1
    # Given a database that is silent for longer than anybody waits for an answer
    proxy.misbehave("swallow")
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(database.insist(one, until=time.monotonic() + 60))
    )
    asking.start()
    time.sleep(3 * PATIENCE)
    assert answers == []
    # When it is back
    proxy.behave()
    # Then it is done
    asking.join(30)
    assert answers == [1]


@pytest.mark.impatient
def test_nobody_insists_for_longer_than_is_of_use(proxied: tuple[Database, Proxy]) -> None:
    database, proxy = proxied
    proxy.misbehave("swallow")
    began = time.monotonic()
    with pytest.raises(Unavailable):
        database.insist(one, until=began + 1)
    assert time.monotonic() - began < 20


def test_who_hears_late_of_an_outage_that_is_over_does_not_begin_another(
    proxied: tuple[Database, Proxy],
) -> None:
    database, proxy = proxied
    assert database.breaker is not None
    long_ago = time.monotonic() - 10
    # Given an outage that one thread met, and that a probe saw the end of (no sooner than we look)
    proxy.misbehave("cut")
    database.met(Unanswered(long_ago, long_ago), connecting=False)
    assert database.breaker.kind == "away"
    proxy.behave()
    database.breaker.wait(30)
    assert database.breaker.kind is None
    # When another thread gives its connection of before up, which never answered
    outage = database.met(Unanswered(long_ago, long_ago), connecting=False)
    # Then it is told so, and nobody else is
    assert outage is not None
    assert outage.kind == "away"
    assert database.breaker.kind is None
    # But the silence of a connection that was made since is news
    asked = time.monotonic()
    time.sleep(FAIR_SECONDS)
    proxy.misbehave("cut")
    database.met(Unanswered(asked, asked), connecting=False)
    assert database.breaker.kind == "away"


def test_who_was_woken_while_it_was_away_is_woken_again_at_once(database: Database) -> None:
    # Given a read and a mail that are due, and whose wake-ups came while nothing could be claimed
    connection_id = people.ready(database)
    people.mark_dirty(database, connection_id)
    owed = Owed(
        "mail", "booked", "key", 1, people.NOW, booking_id="bkg_1", recipient="grace@example.test"
    )
    with database.write() as tx:
        outbox.add(tx, [owed], now=people.NOW)
        later = clock_ms() + 10_000
        tx.execute(tables.connections.update().values(wake_after_ms=later, next_attempt_at_ms=0))
        tx.execute(tables.outbox.update().values(wake_after_ms=later))
        assert (refresh_jobs.sweep(tx), outbox.sweep(tx, now=people.NOW)) == ([], [])
    # When the clock has the database again
    with database.write() as tx:
        recovery.pull_forward(tx, now=people.NOW)
    # Then both are swept, once
    with database.write() as tx:
        assert refresh_jobs.sweep(tx) == [connection_id]
        assert [kind for _, kind in outbox.sweep(tx, now=people.NOW)] == ["mail"]
        assert (refresh_jobs.sweep(tx), outbox.sweep(tx, now=people.NOW)) == ([], [])
