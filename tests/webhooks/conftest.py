"""A desk with Ada at it, on both kinds of database; her account was read and nothing is owed."""

from collections.abc import Callable, Iterator

import pytest
from dramatiq.brokers.stub import StubBroker

from tests import cast
from tests.databases import Kind
from tests.house import house
from tests.webhooks import desk as desks
from tests.webhooks.desk import Desk

__all__ = ["house"]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with desks.opened(database_url, broker=StubBroker()) as opened:
        yield opened


@pytest.fixture
def one_desk(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    """For what does not touch the database's own ways: SQLite alone."""
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as opened:
        yield opened


@pytest.fixture
def ada(desk: Desk) -> str:
    """Ada, on Tuesday 10:00-11:00 busy. The id of her connection."""
    cast.introduce(desk.database)
    return desks.connect(desk, (cast.at(2, 9), cast.at(2, 10)))
