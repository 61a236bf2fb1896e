"""Ada's page, on both kinds of database and on one."""

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.webhooks.pages.viewers.kit import BUSY


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Wednesday 12:00-14:00 UTC her calendar is busy."""
    people.ready(desk.database, people.MAILED, BUSY)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database, people.MAILED, BUSY)
    return one_desk
