"""The web on a port of its own, and a client that knows a key."""

from collections.abc import Callable, Iterator

import pytest
from coachcal_client import Client
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.listening import listening


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[Desk]:
    with desks.opened(fresh_database("sqlite"), redis_url, broker=StubBroker()) as desk:
        people.introduce(desk.database, people.MAILED)
        desks.connect(desk)
        yield desk


@pytest.fixture
def origin(desk: Desk) -> Iterator[str]:
    with listening(desk.client.application) as origin:
        yield origin


@pytest.fixture
def client(desk: Desk, origin: str) -> Client:
    return Client(origin, desk.key(), timeout=20, patience=20)
