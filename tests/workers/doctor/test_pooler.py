"""What the doctor says of a pooler in front of the database."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage.schema.database import create
from tests.support.databases import Kind
from tests.support.in_process import House
from tests.support.pgbouncer import LEFT_OUT, PROGRAM, pgbouncer
from tests.workers.doctor.kit import found
from workers import doctor


@pytest.mark.skipif(PROGRAM is None, reason=LEFT_OUT)
@pytest.mark.parametrize(
    ("settings", "detail", "well"),
    [
        ({}, "gives a server to each transaction", True),
        ({"pool_mode": "session"}, "keeps a server for each of our connections", False),
        ({"default_pool_size": 1}, "has no server for a second transaction", False),
    ],
    ids=["transaction", "session", "one server"],
)
def test_a_pooler_is_told_with_what_it_should_be(
    house: House,
    fresh_database: Callable[[Kind], str],
    settings: dict[str, str],
    detail: str,
    well: bool,
) -> None:
    with pgbouncer(fresh_database("postgresql"), **settings) as url:
        database = create(url, use="report")
        services = replace(house.runtime.services, database=database)
        findings = {finding.check: finding for finding in doctor.examine(services)}
        database.close()
    assert findings["pooler"].detail == detail
    assert (findings["pooler"].next_step == "") == well
    assert findings["writes"].next_step == ""


@pytest.mark.skipif(PROGRAM is None, reason=LEFT_OUT)
def test_one_that_takes_no_transactions_is_told(
    house: House, fresh_database: Callable[[Kind], str]
) -> None:
    with pgbouncer(fresh_database("postgresql"), pool_mode="statement") as url:
        database = create(url, use="report")
        (finding, *_) = found(replace(house.runtime.services, database=database), "database")
        database.close()
    assert "pool_mode to transaction" in finding.next_step


def test_without_one_nothing_is_said(house: House) -> None:
    assert found(house.runtime.services, "pooler") == []


def test_a_database_that_is_away_is_no_pooler_s_fault(house: House) -> None:
    database = create("postgresql://127.0.0.1:9/nobody", use="report")
    assert found(replace(house.runtime.services, database=database), "pooler") == []
    database.close()


def test_more_connections_than_the_server_takes_are_told(
    house: House, fresh_database: Callable[[Kind], str]
) -> None:
    database = create(fresh_database("postgresql"), use="report")
    services = replace(house.runtime.services, database=database)
    (well,) = found(services, "connections")
    many = services.settings.model_copy(update={"web_threads": 500})
    (told,) = found(replace(services, settings=many), "connections")
    database.close()
    assert "opens 80 at most" in well.detail
    assert (well.next_step, told.warns) == ("", True)
    assert "COACHCAL_WEB_THREADS" in told.next_step
    assert found(house.runtime.services, "connections") == []


@pytest.mark.skipif(PROGRAM is None, reason=LEFT_OUT)
def test_through_a_pooler_its_own_bounds_are_named(
    house: House, fresh_database: Callable[[Kind], str]
) -> None:
    with pgbouncer(fresh_database("postgresql")) as url:
        database = create(url, use="report")
        (told,) = found(replace(house.runtime.services, database=database), "connections")
        database.close()
    assert "max_client_conn of 80" in told.detail
    assert told.next_step == ""
