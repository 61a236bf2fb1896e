"""Ada's listing at the desk, on both kinds of database."""

import pytest

from tests.support import people
from tests.support.http_client import Desk


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database, people.MAILED)
    return desk
