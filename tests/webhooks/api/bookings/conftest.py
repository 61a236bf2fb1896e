"""Ada's listing at the desk, on both kinds of database."""

import pytest

from tests.support import http_client as desks
from tests.support import people as people_tests
from tests.support.http_client import Desk


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Tuesday 09:00-10:00 UTC her calendar is busy."""
    people_tests.introduce(desk.database, people_tests.MAILED)
    desks.connect(desk, (people_tests.at(2, 12), people_tests.at(2, 13)))
    return desk
