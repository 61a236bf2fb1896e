"""Cronofy was away, and answers again: calendars that waited are read within seconds."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage.rows import refresh_jobs, well_again
from storage.schema.database_clock import clock_ms
from tests.support import people
from tests.support.in_process import House

FREE_BUSY = "/v1/free_busy"
LONG = 7
"""After so many attempts a read waits for minutes."""


@pytest.fixture
def two(house: House) -> tuple[str, str]:
    """Two accounts of Ada's, read once and owed a read each."""
    house.introduce()
    first, second = (house.connect().connection_id for _ in range(2))
    for connection_id in (first, second):
        house.refresh(connection_id)
        house.mark_dirty(connection_id)
        house.set_row(connection_id, next_attempt_at_ms=0, attempts=LONG)
    return first, second


def waits(house: House, connection_id: str) -> float:
    """Seconds until it may be read again."""
    with house.runtime.services.database.read() as tx:
        now = tx.execute(select(clock_ms())).scalar_one()
        until: int = people.row_of(tx, connection_id).next_attempt_at_ms
    return (until - int(now)) / 1000


def woken(house: House) -> list[str]:
    with house.runtime.services.database.write() as tx:
        return refresh_jobs.sweep(tx)


def fail(house: House, connection_id: str, status: int, retry_after: int | None = None) -> None:
    house.control.fail(FREE_BUSY, status, times=None, retry_after=retry_after)
    house.refresh(connection_id)
    house.control.clear_faults()
    assert waits(house, connection_id) > 60


def test_after_an_outage_one_read_that_goes_well_brings_on_the_others(
    house: House, two: tuple[str, str]
) -> None:
    first, second = two
    for connection_id in two:
        fail(house, connection_id, 503)
    # Nobody waits for the end of the back-off, though no push came
    house.set_row(first, next_attempt_at_ms=0)
    house.refresh(first)
    assert woken(house) == [second]
    house.refresh(second)
    assert not house.owed(second)


@pytest.mark.parametrize(("status", "retry_after"), [(503, 120), (404, None), (422, None)])
def test_what_was_refused_or_asked_to_wait_waits(
    house: House, two: tuple[str, str], status: int, retry_after: int | None
) -> None:
    first, second = two
    fail(house, second, status, retry_after)
    house.refresh(first)
    assert not house.owed(first)
    assert woken(house) == []
    assert waits(house, second) > 60


@pytest.mark.parametrize("retry_after", [120, None])
def test_who_met_the_rate_limit_waits(
    house: House, two: tuple[str, str], retry_after: int | None
) -> None:
    fail(house, two[1], 429, retry_after)
    house.set_row(two[0], next_attempt_at_ms=2**52)
    # By another machine, which has not heard of the limit: our own calls wait for its end.
    services = house.runtime.services
    with services.database.write() as tx:
        well_again.cronofy(tx, gap_ms=0, now=services.now())
    assert woken(house) == []
    assert waits(house, two[1]) > 60


def test_an_account_that_alone_is_not_answered_is_not_asked_for_with_each_read(
    house: House, two: tuple[str, str]
) -> None:
    first, second = two
    house.set_row(first, last_ok_at=people.NOW - timedelta(seconds=5))
    fail(house, second, 500)
    house.refresh(first)
    assert woken(house) == []
    assert waits(house, second) > 60
