"""Ada's page, on both kinds of database and on one, and a guest at it."""

import pytest

from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, enter
from tests.webhooks.pages.adas_desks import desk, one_desk
from tests.webhooks.pages.booking.kit import BUSY

__all__ = ["busy", "desk", "guest", "one_desk"]


@pytest.fixture
def busy() -> tuple[int, int]:
    """On Tuesday 09:00-10:00 UTC."""
    return BUSY


@pytest.fixture
def guest(desk: Desk) -> Visitor:
    return enter(desk)
