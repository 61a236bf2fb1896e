"""Ada's page, on both kinds of database and on one, and a guest at it."""

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, enter
from tests.webhooks.pages.booking.kit import BUSY


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Tuesday 09:00-10:00 UTC her calendar is busy."""
    people.ready(desk.database, people.MAILED, BUSY)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database, people.MAILED, BUSY)
    return one_desk


@pytest.fixture
def guest(desk: Desk) -> Visitor:
    return enter(desk)
