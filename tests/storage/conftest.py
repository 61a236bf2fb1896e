"""What the searches of every order stand on, and a database of the release before."""

from collections.abc import Iterator

import pytest

from storage.schema.database import create
from tests.storage.interleavings import Memory
from tests.support.booked_before import booked
from tests.support.databases import PostgresDatabases


@pytest.fixture
def memory() -> Iterator[Memory]:
    """A database in memory, whose clock stands still."""
    opened = Memory()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def before_template(postgres: PostgresDatabases) -> str:
    """Made once: to go up and down all migrations takes seconds."""
    url = postgres.blank()
    database = create(url)
    booked(database)
    database.close()
    return url


@pytest.fixture
def before_url(postgres: PostgresDatabases, before_template: str) -> Iterator[str]:
    """On PostgreSQL, with the schema of the release before and bookings in it."""
    url = postgres.copy(before_template)
    yield url
    postgres.drop(url)
