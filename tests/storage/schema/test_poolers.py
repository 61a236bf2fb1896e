"""PgBouncer between us and PostgreSQL: what it changes, what it says itself, what is outlived."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from storage.schema import deadlines, lock_looks, poolers
from storage.schema.causes import cause
from storage.schema.database import Database, Unavailable, create
from storage.schema.outages import kind_of
from tests.support.databases import PostgresDatabases
from tests.support.pgbouncer import LEFT_OUT, PROGRAM, pgbouncer
from tests.support.tcp_proxy import Proxy

NEEDED = pytest.mark.skipif(PROGRAM is None, reason=LEFT_OUT)
Begin = Callable[[Database], AbstractContextManager[Connection]]
PATIENCE = 1.0
LONG = 20.0  # for what the pooler says by itself, which takes it a moment of its own
SLACK = 5.0  # seconds that a busy machine may add


@pytest.fixture(scope="module")
def url(postgres: PostgresDatabases) -> Iterator[str]:
    url = postgres.blank()
    with psycopg.connect(url) as tx:
        tx.execute("CREATE TABLE kept (n int)")
        tx.execute("INSERT INTO kept VALUES (0)")
    yield url
    postgres.drop(url)


@pytest.fixture(scope="module", params=["transaction", "session"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pooled(url: str, mode: str) -> Iterator[Database]:
    with pgbouncer(url, pool_mode=mode) as pooled_url:
        database = create(pooled_url, use="web")
        add(database)
        yield database
        database.close()


def add(database: Database) -> None:
    with database.write() as tx:
        tx.execute(text("UPDATE kept SET n = n + 1"))


def refusal(database: Database, patience: float = PATIENCE) -> Exception:
    with pytest.raises(Unavailable) as caught, deadlines.within(patience):
        add(database)
    return caught.value


@NEEDED
@pytest.mark.parametrize("begin", [Database.write, Database.write_once])
def test_a_lock_that_does_not_come_is_busy_and_no_outage(
    pooled: Database, url: str, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Why it waits is asked on another line, which a slow machine makes slowly
    monkeypatch.setattr(lock_looks, "LOOK_SECONDS", 2 * SLACK)
    with psycopg.connect(url) as holder:
        holder.execute("SELECT * FROM kept FOR UPDATE")
        with pytest.raises(Unavailable) as caught, deadlines.within(PATIENCE), begin(pooled) as tx:
            tx.execute(text("UPDATE kept SET n = n + 1"))
    assert kind_of(caught.value) == "busy"
    assert not pooled.out, "others are served meanwhile"


@NEEDED
@pytest.mark.parametrize("begin", [Database.write, Database.write_once])
def test_whoever_writes_waits_at_the_server_no_longer_than_the_limits_say(
    pooled: Database, begin: Begin
) -> None:
    shown = []
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    for name in (*limits, "jit"):
        with begin(pooled) as tx:
            shown.append(tx.execute(text(f"SHOW {name}")).scalar_one())
    assert shown == ["7s", "4s", "10s", "off"]


@NEEDED
@pytest.mark.impatient
def test_a_server_that_falls_silent_behind_it_is_told_in_time(url: str) -> None:
    with Proxy.to(url) as proxy, pgbouncer(proxy.url(url)) as pooled_url:
        # Given a PgBouncer that let somebody in already: from then on it does so by itself
        before, database = create(pooled_url), create(pooled_url, use="web")
        add(before)
        before.close()
        # When the database is lost, and somebody connects
        proxy.misbehave("swallow")
        began = time.monotonic()
        error = refusal(database)
        # Then it is told in time: nobody asks a lost server what it waits for
        assert kind_of(error) == "away"
        assert time.monotonic() - began < PATIENCE + SLACK
        database.close()


@NEEDED
def test_after_an_outage_all_is_well_by_itself(url: str) -> None:
    with Proxy.to(url) as proxy, pgbouncer(proxy.url(url), server_login_retry=1) as pooled_url:
        database = create(pooled_url, use="web")
        add(database)
        proxy.misbehave("cut")
        assert kind_of(refusal(database)) == "away"
        assert kind_of(refusal(database)) == "away"
        proxy.behave()
        until_well(database, seconds=10 + SLACK)
        database.close()


def until_well(database: Database, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            return add(database)
        except Unavailable:
            assert time.monotonic() < end
        time.sleep(0.1)


@NEEDED
@pytest.mark.parametrize(
    ("settings", "matter"),
    [
        ({"pool_mode": "statement"}, "the pooler takes no transactions"),
        ({"max_client_conn": 1}, "the pooler has no connection left"),
        (
            {"pool_mode": "session", "default_pool_size": 1, "query_wait_timeout": 0.2},
            "the pooler has no connection left",
        ),
    ],
    ids=["no transactions", "too many clients", "no server left"],
)
def test_what_it_says_itself_is_an_outage_with_a_next_step(
    url: str, settings: dict[str, Any], matter: str
) -> None:
    with pgbouncer(url, **settings) as pooled_url:
        database = create(pooled_url, use="web")
        with psycopg.connect(pooled_url, autocommit=True) as other:
            other.execute("SELECT 1")
            error = refusal(database, LONG)
        database.close()
    assert kind_of(error) == "away"
    found = cause(error)
    assert found is not None
    assert found.matter == matter


@NEEDED
def test_options_of_the_url_are_never_dropped_in_silence(url: str) -> None:
    with pgbouncer(url) as pooled_url:
        database = create(f"{pooled_url}?options=-csearch_path%3Delsewhere", use="web")
        error = refusal(database, LONG)
        database.close()
    found = cause(error)
    assert found is not None
    assert "options" in found.next_step


@NEEDED
def test_for_how_long_it_gives_us_a_server_can_be_told(pooled: Database, mode: str) -> None:
    expected = {"transaction": "transaction", "session": "connection"}[mode]
    assert poolers.keeps_for(pooled) == expected


def test_where_nobody_stands_in_between_there_is_nothing_to_tell(url: str) -> None:
    direct = create(url)
    assert poolers.keeps_for(direct) is None
    direct.close()


def test_a_statement_that_somebody_else_took_away_spoils_one_answer(url: str) -> None:
    # Given a connection on which psycopg has prepared what is asked often
    database = create(url)
    with database.read() as tx:
        for _ in range(7):
            tx.execute(text("SELECT n FROM kept WHERE n >= :least"), {"least": 0})
        # When it is gone, and nobody told us: as behind a pooler that we did not notice
        tx.execute(text("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"))

    def ask() -> int:
        with database.read() as tx:
            found = tx.execute(text("SELECT n FROM kept WHERE n >= :least"), {"least": 0})
            return int(found.scalar_one())

    with pytest.raises(ProgrammingError):
        ask()
    # Then the next one gets another connection
    assert ask() >= 0
    database.close()
