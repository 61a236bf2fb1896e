"""A desk with Ada at it, on both kinds of database; her account was read and nothing is owed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind, copy_of
from tests.support.http_client import Desk
from tests.support.in_process import house

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
    people.introduce(desk.database)
    return desks.connect(desk, (people.at(2, 9), people.at(2, 10)))


@pytest.fixture(scope="module")
def steady(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests of a module, which may ask as often as they like."""
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("steady") / "db.sqlite")
    with desks.opened(
        url, broker=StubBroker(), limit_reads=0, limit_writes=0, limit_wrong=0
    ) as desk:
        yield desk
