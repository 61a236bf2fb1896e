"""A read that breaks off, whatever by, gives the connection back: nobody waits for its lease."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from threading import Timer
from typing import Any

import pytest
from cryptography.fernet import Fernet

from storage.schema import tables
from storage.schema.vault import Sealed, Vault
from tests.support import people
from tests.support.databases import Kind
from tests.support.in_process import House, built
from tests.support.tcp_proxy import Proxy
from workers.budget import LocalBudget
from workers.cronofy.client import Cronofy
from workers.jobs import freebusy
from workers.services import Services
from workers.skew import ClockOff


@pytest.fixture
def house(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[House]:
    with built(fresh_database("sqlite"), redis_url) as house:
        house.introduce()
        yield house


def row(services: Services) -> Any:
    with services.database.read() as tx:
        return tx.execute(tables.connections.select()).one()


def with_a_clock_that_is_off(services: Services) -> Services:
    def off() -> datetime:
        raise ClockOff(3600, people.NOW)

    return replace(services, now=off)


def with_a_bug(services: Services) -> Services:
    def wrong() -> datetime:
        raise ZeroDivisionError

    return replace(services, now=wrong)


def with_other_keys(services: Services) -> Services:
    return replace(services, vault=Vault([Fernet.generate_key().decode()]))


@pytest.mark.parametrize(
    ("broken", "error", "said", "at_once"),
    [
        (with_a_clock_that_is_off, ClockOff, "clock", True),
        (with_a_bug, ZeroDivisionError, "our fault: ZeroDivisionError", False),
        (with_other_keys, Sealed, "our fault: Sealed", False),
    ],
)
def test_whatever_breaks_a_read_off_it_is_owed_and_nobody_has_it(
    house: House,
    broken: Callable[[Services], Services],
    error: type[Exception],
    said: str,
    at_once: bool,
) -> None:
    connection_id = house.connect().connection_id
    services = house.runtime.services
    with pytest.raises(error):
        freebusy.refresh(broken(services), connection_id)
    after = row(services)
    assert (after.lease_token, after.lease_until_ms) == (None, 0)
    assert after.done_gen < after.req_gen
    assert said in after.last_error
    # What another worker may do better is due at once; a bug that spins would help nobody
    freebusy.refresh(services, connection_id)
    assert house.owed(connection_id) == (not at_once)


class Cut(LocalBudget):
    """At the first call to Cronofy the database is cut off, for a second."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    def take(self, deadline: float) -> None:
        self._proxy.misbehave("cut")
        Timer(1, self._proxy.behave).start()


@pytest.mark.parametrize("status", [403, 503], ids=["for good", "for a while"])
def test_what_cronofy_said_is_written_down_once_the_database_is_back(
    fresh_database: Callable[[Kind], str], redis_url: str, status: int
) -> None:
    url = fresh_database("postgresql")
    with Proxy.to(url) as proxy, built(proxy.url(url), redis_url) as house:
        # Given an account that was read, and one that Cronofy refuses while the database is away
        house.introduce()
        connection_id = house.connect().connection_id
        house.refresh(connection_id)
        house.mark_dirty(connection_id)
        services, sandbox = house.runtime.services, house.sandbox
        house.control.fail("/v1/free_busy", status=status, times=99)
        cronofy = Cronofy(
            sandbox.origin,
            sandbox.origin,
            sandbox.client_id,
            sandbox.client_secret,
            Cut(proxy),
            # No pause between the tries, and so all of them end long before the deadline: one that
            # began just before it would end with that, and not with what Cronofy said.
            sleep=lambda _seconds: None,
        )
        # When it is read
        freebusy.refresh(replace(services, cronofy=cronofy), connection_id)
        # Then nobody waits for the end of the lease to learn what Cronofy said
        assert row(services).lease_until_ms == 0
        assert str(status) in row(services).last_error
