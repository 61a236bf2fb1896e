"""A migrated database, of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import migrations
from storage.database import Database, create


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = create(f"sqlite:///{tmp_path}/db.sqlite")
    migrations.migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def empty_database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/empty.sqlite"
