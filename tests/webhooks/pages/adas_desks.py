"""Ada's desk with her calendar read, on both kinds of database and on one. A folder's conftest
takes both from here, and a fixture `busy` of its own says when she has no time.
"""

import pytest

from tests.support import people
from tests.support.http_client import Desk


@pytest.fixture
def desk(desk: Desk, busy: tuple[int, int]) -> Desk:
    people.ready(desk.database, people.MAILED, busy)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk, busy: tuple[int, int]) -> Desk:
    people.ready(one_desk.database, people.MAILED, busy)
    return one_desk
