"""Ada's connection, which is written to."""

import pytest

from storage.schema.database import Database
from tests.support import people


@pytest.fixture
def connection(database: Database) -> str:
    return people.ready(database)
