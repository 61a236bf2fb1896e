"""Every wait on PostgreSQL ends, on whichever connection; and of several hosts the writable one is
taken.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, text

from storage.schema import deadlines, lock_looks, postgres
from storage.schema.database import SECONDS, Database, Unavailable, create
from storage.schema.fast_reads import query_raw
from storage.schema.lock_looks import LockLooks
from storage.schema.long_waits import LongWaits
from storage.schema.outages import Outage, kind_of
from tests.support.databases import Kind
from tests.support.tcp_proxy import Proxy

pytestmark = pytest.mark.impatient

SLOWLY = select(func.pg_sleep(60))
SLACK = 5.0  # seconds that a busy machine may add
OPTIONS = {
    socket.TCP_KEEPIDLE: 5,
    socket.TCP_KEEPINTVL: 2,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 5000,
}


@pytest.fixture
def url(fresh_database: Callable[[Kind], str]) -> str:
    return fresh_database("postgresql")


@pytest.fixture
def opened(url: str) -> Iterator[Database]:
    database = create(url, use="web")
    yield database
    database.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def hosts(url: str, *ports: int) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return parts._replace(
        netloc=f"{login}@{','.join(f'127.0.0.1:{port}' for port in ports)}"
    ).geturl()


def took(began: float) -> float:
    return time.monotonic() - began


def in_the_pool(database: Database) -> None:
    with database.read() as tx:
        tx.execute(SLOWLY)


def in_a_transaction(database: Database) -> None:
    with database.write() as tx:
        tx.execute(SLOWLY)


def in_passing(database: Database) -> None:
    query_raw(database, SLOWLY)


@pytest.mark.parametrize("ask", [in_the_pool, in_a_transaction, in_passing])
def test_what_is_not_answered_by_the_deadline_is_away(
    opened: Database, ask: Callable[[Database], None]
) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught, deadlines.within(0.3):
        ask(opened)
    assert kind_of(caught.value) == "away"
    assert took(began) < 0.3 + SLACK
    # Then nobody waits for it before a probe succeeded, and then all is well, on another connection
    _until_well(opened)
    ask_shortly = select(func.pg_sleep(0))
    assert len(query_raw(opened, ask_shortly)) == 1


def locked_out(opened: Database, holder: Database, seconds: float) -> str:
    """The kind of error that somebody meets who waits so long for a lock that another has."""
    with opened.read():
        pass  # connected before: a slow machine may find the database away, and nobody in its way
    with holder.write() as held:
        held.execute(text("LOCK TABLE coaches"))
        with pytest.raises(Unavailable) as caught, deadlines.within(seconds), opened.write() as tx:
            tx.execute(text("LOCK TABLE coaches"))
    return kind_of(caught.value)


def test_a_lock_that_does_not_come_by_the_deadline_is_busy_and_no_outage(
    opened: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked why on a line that may take its time: else a slow machine finds the database away
    monkeypatch.setattr(lock_looks, "LOOK_SECONDS", 2 * SLACK)
    with closing(create(url)) as holder:
        assert locked_out(opened, holder, 1.5) == "busy"
    assert opened.breaker is not None
    assert opened.breaker.kind is None


def test_a_server_gives_up_after_us_so_that_it_can_be_asked_why(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes second for a row waits for two locks, one after the other: longer than for one."""
    look_seconds = 2 * lock_looks.LOOK_SECONDS  # the look of another thread, and ours
    for use in ("web", "worker"):
        ours, server = SECONDS[use]
        assert server > ours + look_seconds
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 30)
    look = LockLooks._look

    def slowly(looks: LockLooks) -> frozenset[int]:
        time.sleep(1)
        return look(looks)

    monkeypatch.setattr(LockLooks, "_look", slowly)
    monkeypatch.setattr(lock_looks, "LOOK_SECONDS", 2 * SLACK)
    with closing(create(url, use="web")) as opened, closing(create(url)) as holder:
        assert locked_out(opened, holder, 5) == "busy"


def test_an_answer_that_comes_while_we_ask_why_it_did_not_is_an_answer(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a lock that the server gives up after a second, and a look that finds nobody waiting,
    # since it comes after that
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 1)

    def late(_looks: LockLooks, _backend: int) -> bool:
        time.sleep(1)
        return False

    monkeypatch.setattr(LockLooks, "is_blocked", late)
    with closing(create(url, use="web")) as opened, closing(create(url)) as holder:
        assert locked_out(opened, holder, 0.7) == "busy"
        assert opened.breaker is not None
        assert opened.breaker.kind is None


def outcomes(database: Database, statements: list[list[str]]) -> list[str]:
    """What comes of these transactions, a thread each, all begun at once."""
    said: list[str] = []

    def transact(each: list[str]) -> None:
        try:
            with database.write() as tx:
                for statement in each:
                    tx.execute(text(statement))
        except Unavailable as error:
            said.append(kind_of(error))
        else:
            said.append("done")

    threads = [threading.Thread(target=transact, args=(each,)) for each in statements]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_of_many_who_wait_while_nobody_is_answered_only_so_many_may_go_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The race: four seconds and a stall are longer than a worker waits for an answer, and then the
    # one that may go on is not done either
    monkeypatch.setattr("storage.schema.database.SECONDS", {"worker": (60, 60)})
    database = create(url, long_waits=1)
    assert outcomes(database, [["SELECT pg_sleep(4)"]] * 3) == ["busy", "busy", "done"]
    database.close()


def test_who_comes_while_others_are_stuck_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LongWaits, "STUCK", 0.0)
    waits = LongWaits(2)
    with waits.one_more(), waits.one_more():
        time.sleep(0.01)
        assert waits.short == LongWaits.CROWDED
    assert waits.short == LongWaits.LONG


def test_a_queue_that_moves_is_no_crowd(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a rush for one coach each waits for those before it, longer than half a second; but all
    are served.
    """
    # The race: a machine that others use takes twice as long for a turn, and then the last have
    # waited for longer than a lock, or an answer, is waited for
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 30)
    database = create(url, use="report", long_waits=1)
    each = ["LOCK TABLE coaches", "SELECT pg_sleep(0.2)"]
    assert outcomes(database, [each] * 10) == ["done"] * 10
    database.close()


def test_of_several_hosts_the_one_that_answers_is_taken_within_the_time_of_one(
    url: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 10.0)  # half of it for the one that answers
    port = urlsplit(url).port or 0
    database = create(hosts(url, silent_port, port))
    began = time.monotonic()
    with database.read() as tx:
        assert tx.execute(text("SELECT 1")).scalar() == 1
    assert took(began) < 10 + SLACK
    database.close()


def refused(database: Database) -> float:
    """How long it took."""
    began = time.monotonic()
    with pytest.raises(Outage), database.read():
        pass
    return took(began)


def test_hosts_that_are_all_silent_take_no_longer_than_one(url: str, silent_port: int) -> None:
    database = create(hosts(url, silent_port, silent_port))
    began = time.monotonic()
    with pytest.raises(Outage), database.read():
        pass
    assert took(began) < 2 + SLACK
    # Then the next is told at once: a machine may hold one of three up, and no wait is shorter
    assert min(refused(database) for _ in range(3)) < 1
    database.close()


def test_a_read_only_database_is_refused_when_it_is_dialled(url: str) -> None:
    database = create(f"{url}?options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(Outage) as caught, database.read():
        pass
    assert caught.value.kind == "read_only"
    database.close()


def test_connections_that_a_network_forgot_are_all_replaced_after_the_first(url: str) -> None:
    with Proxy.to(url) as proxy:
        database = create(proxy.url(url), use="web")
        with database.read(), database.read(), database.read():
            query_raw(database, select(func.pg_sleep(0)))
        proxy.misbehave("swallow")
        proxy.behave()
        # The first is not answered; whoever comes after it is, and soon
        with pytest.raises(Unavailable), deadlines.within(0.3):
            in_the_pool(database)
        _until_well(database)
        with (
            deadlines.within(SLACK),
            database.read() as one,
            database.read() as two,
            database.read() as three,
        ):
            assert [tx.execute(text("SELECT 1")).scalar() for tx in (one, two, three)] == [1, 1, 1]
        assert len(query_raw(database, select(func.pg_sleep(0)))) == 1
        database.close()


def _until_well(database: Database) -> None:
    began = time.monotonic()
    assert database.breaker is not None
    while database.breaker.kind is not None:
        assert took(began) < 10 + SLACK
        time.sleep(0.01)
