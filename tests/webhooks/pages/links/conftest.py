"""Ada has a calendar, and her week is open."""

import pytest

from tests.support import people
from tests.support.http_client import Desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    return one_desk
