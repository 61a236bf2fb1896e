"""What says nothing about the database: one connection that was cut, somebody without time, and
whoever learns of an outage after its end. Nobody else is refused because of them.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from storage.schema import breaker, deadlines, postgres
from storage.schema.breaker import DatabaseBreaker
from storage.schema.database import Database, Unavailable, create
from tests.support.databases import Kind
from tests.support.tcp_proxy import Proxy
from tests.support.waits import until

ASLEEP = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event = 'PgSleep'"
)


@pytest.fixture
def proxied(
    fresh_database: Callable[[Kind], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Database, Proxy]]:
    """A stall of this machine is no outage here either."""
    monkeypatch.setattr(breaker, "FAIR_SECONDS", 20.0)
    url = fresh_database("postgresql")
    with Proxy.to(url) as proxy:
        database = create(proxy.url(url), use="web")
        yield database, proxy
        database.close()


def breaker_of(database: Database) -> DatabaseBreaker:
    assert database.breaker is not None
    return database.breaker


def read(database: Database) -> int:
    with database.read() as tx:
        return int(tx.scalar(select(1)) or 0)


@contextmanager
def nobody_else_refused(database: Database) -> Iterator[None]:
    with capture_logs() as logs:
        yield
        # A probe that is under way has to be through: it may still find the database out.
        time.sleep(0.5)
    assert "database_out" not in [line["event"] for line in logs]
    assert breaker_of(database).kind is None


def is_asked(beside: Database) -> bool:
    """Whether the server works for whoever waits."""
    with beside.read() as tx:
        return bool(tx.scalar(ASLEEP))


def wait_for(database: Database) -> None:
    with pytest.raises(Unavailable), database.read() as tx:
        tx.execute(select(func.pg_sleep(60)))


def test_a_connection_that_was_cut_is_no_outage(proxied: tuple[Database, Proxy]) -> None:
    database, proxy = proxied
    asking = threading.Thread(target=wait_for, args=(database,))
    # Past the proxy, so that it is not cut with the others
    url = database.engine.url.set(port=proxy.neighbour[1])
    beside = create(url.render_as_string(hide_password=False))
    with nobody_else_refused(database):
        asking.start()
        until(lambda: is_asked(beside))
        # When all connections are reset, and new ones are let in
        proxy.reset()
        asking.join(30)
        assert not asking.is_alive()
    assert read(database) == 1
    beside.close()


@pytest.mark.parametrize("left", [0.05, 0.4])
@pytest.mark.parametrize("connected", [True, False])
def test_who_has_no_time_left_learns_nothing(
    proxied: tuple[Database, Proxy], left: float, connected: bool
) -> None:
    database, proxy = proxied
    if connected:
        assert read(database) == 1
    with nobody_else_refused(database):
        # When an answer takes longer than somebody may wait, and not longer than others would
        proxy.misbehave("delay", seconds=0.3)
        with pytest.raises(Unavailable), deadlines.within(left):
            wait_for_nothing(database, left)
        proxy.behave()
    assert read(database) == 1


def wait_for_nothing(database: Database, seconds: float) -> None:
    with database.read() as tx:
        tx.execute(select(func.pg_sleep(seconds)))


def test_a_connection_that_was_sought_in_an_outage_begins_no_other(
    proxied: tuple[Database, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long that the probe of a slow machine is through before, and longer than is fair
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 10.0)
    monkeypatch.setattr(breaker, "FAIR_SECONDS", 1.5)
    database, proxy = proxied
    ours = breaker_of(database)
    # Given somebody who seeks a connection while nobody answers, for as long as that may take
    proxy.misbehave("swallow")
    late = threading.Thread(target=seek, args=(database,))
    late.start()
    until(lambda: proxy.carried > 0)
    # When others have found out, and a probe sees that it is over, before that attempt ends
    proxy.behave()
    ours.trip(psycopg.OperationalError("refused"), time.monotonic())
    ours.wait(30)
    assert ours.kind is None
    assert late.is_alive()
    # Then its end is no second outage
    with nobody_else_refused(database):
        late.join(30)
    assert read(database) == 1


def seek(database: Database) -> None:
    with pytest.raises(Unavailable):
        read(database)
