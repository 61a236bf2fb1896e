"""Ada's connection."""

import pytest

from storage.schema.database import Database
from tests.support import people


@pytest.fixture
def connection(database: Database) -> str:
    people.introduce(database)
    return people.connect(database)
