"""What each error of a real database means, by each way that we ask it: the classes 08, 25, 40, 53,
55, 57, 58, XX.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg.errors import _sqlcodes as known  # theirs: all that there are
from psycopg.errors import lookup
from sqlalchemy import bindparam, event, func, select, text
from sqlalchemy.exc import DBAPIError

from storage.schema.database import Database, create
from storage.schema.fast_reads import query_raw
from storage.schema.outages import Unavailable, kind_of, run_again_once
from tests.support.databases import PostgresDatabases

CLASSES = ("08", "25", "40", "53", "55", "57", "58", "XX")
STATES = sorted(state for state in known if state.startswith(CLASSES))
# What is not named here is `away`, and of the classes 25, 40 and 55 a defect.
NAMED = {
    "25006": "read_only", "25P03": "away", "25P04": "away",
    "40001": "again", "40P01": "again", "55P03": "busy",
}  # fmt: skip
RAISES = """
CREATE FUNCTION raises(state text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = state; END $$
"""
ASKED = select(func.raises(bindparam("state")))
PID = select(func.pg_backend_pid())


def expected(state: str) -> str:
    return NAMED.get(state, "defect" if state[:2] in ("25", "40", "55") else "away")


@pytest.fixture(scope="module")
def raising(postgres: PostgresDatabases) -> Iterator[Database]:
    url = postgres.blank()
    database = create(url)
    with database.write() as tx:
        tx.exec_driver_sql(RAISES)
    yield database
    database.close()
    postgres.drop(url)


def asked_in_a_transaction(database: Database, state: str) -> None:
    with database.write() as tx:
        tx.execute(ASKED, {"state": state})


def asked_at_once(database: Database, state: str) -> None:
    with database.write_once() as tx:
        tx.execute(ASKED, {"state": state})


def asked_in_passing(database: Database, state: str) -> None:
    query_raw(database, ASKED, state=state)


def pid(database: Database, ask: Callable[[Database, str], None]) -> int:
    """Of the connection that is asked next."""
    if ask is asked_in_passing:
        ((found,),) = query_raw(database, PID)
        return int(found)
    with database.read() as tx:
        return int(tx.execute(PID).scalar_one())


@pytest.mark.parametrize("ask", [asked_in_a_transaction, asked_at_once, asked_in_passing])
@pytest.mark.parametrize("state", STATES)
def test_each_error_means_one_thing_and_keeps_or_loses_its_connection(
    raising: Database, state: str, ask: Callable[[Database, str], None]
) -> None:
    before = pid(raising, ask)
    with pytest.raises(DBAPIError) as caught:
        ask(raising, state)
    meaning = expected(state)
    assert kind_of(caught.value) == meaning
    # Whoever catches Unavailable catches every outage, and of the defects none that the driver
    # calls internal
    if meaning != "defect":
        assert isinstance(caught.value, Unavailable)
    elif state.startswith("25"):
        assert not isinstance(caught.value, Unavailable)
    # Then the connection is another, if this one is no good any more; a look in passing keeps none
    # after any error
    lost = meaning in ("away", "read_only") or state.startswith("25") or ask is asked_in_passing
    assert (pid(raising, ask) != before) == lost
    assert raising.breaker is not None
    assert raising.breaker.kind is None, "a server that answers is asked on"


def test_a_transaction_in_another_s_way_is_run_once_more(raising: Database) -> None:
    runs = []

    def work() -> None:
        runs.append(1)
        asked_in_a_transaction(raising, "40P01")

    with pytest.raises(Unavailable) as caught:
        run_again_once(work)
    assert kind_of(caught.value) == "again"
    assert len(runs) == 2
    runs.clear()
    with pytest.raises(Unavailable):
        raising.transact(lambda tx: runs.append(1) or tx.execute(ASKED, {"state": "55P03"}))  # type: ignore[func-returns-value]
    assert len(runs) == 1


def test_every_state_that_is_named_is_one_of_postgresql() -> None:
    assert all(lookup(state) for state in NAMED)


@pytest.mark.parametrize(
    ("harm", "meaning"),
    [
        ("CREATE TABLE lost (x); INSERT INTO nowhere VALUES (1)", "defect"),
        ("PRAGMA query_only = on; CREATE TABLE more (x)", "read_only"),
        ("PRAGMA max_page_count = 1; CREATE TABLE more (x)", "away"),
    ],
)
def test_sqlite_s_errors_mean_the_same_things(tmp_path: Path, harm: str, meaning: str) -> None:
    database = create(f"sqlite:///{tmp_path}/some.db")
    *before, last = harm.split("; ")
    with database.read() as tx:
        for statement in before:
            tx.exec_driver_sql(statement)
        with pytest.raises(DBAPIError) as caught:
            tx.exec_driver_sql(last)
    assert kind_of(caught.value) == meaning
    database.close()


def test_a_writer_that_does_not_let_go_is_busy_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.schema.database.BUSY_SECONDS", 0.1)
    database = create(f"sqlite:///{tmp_path}/some.db")
    with database.write() as tx:
        tx.execute(text("CREATE TABLE kept (x)"))
    writer = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught, database.write() as tx:
        tx.execute(text("INSERT INTO kept VALUES (1)"))
    assert kind_of(caught.value) == "busy"
    writer.close()
    with database.write() as tx:
        tx.execute(text("INSERT INTO kept VALUES (2)"))
    with database.read() as tx:
        assert tx.execute(text("SELECT x FROM kept")).scalars().all() == [2]
    database.close()


def test_what_no_waiting_mends_is_not_waited_for(tmp_path: Path) -> None:
    database = create(f"sqlite:///{tmp_path}/some.db")
    said: list[str] = []

    def begun_by_somebody_else(driver: sqlite3.Connection, *_: object) -> None:
        driver.execute("BEGIN")
        driver.set_trace_callback(said.append)

    event.listen(database.engine, "checkout", begun_by_somebody_else)
    with pytest.raises(DBAPIError, match="within a transaction"), database.write():
        pass
    assert len([each for each in said if each.startswith("BEGIN")]) <= 2
    database.close()


def test_readers_are_as_patient_after_a_write_as_before(tmp_path: Path) -> None:
    database = create(f"sqlite:///{tmp_path}/some.db")
    with database.write() as tx:
        tx.execute(text("CREATE TABLE kept (x)"))
    with database.read() as tx:
        patience = tx.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert patience == 4_000
    database.close()
