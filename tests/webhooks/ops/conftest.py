"""Somebody of ops who has logged in."""

import pytest

from tests.support.http_client import Desk
from tests.support.ops_pages import log_in


@pytest.fixture
def inside(desk: Desk) -> Desk:
    """Somebody of ops is logged in."""
    assert log_in(desk.client, desk.key("ops")).status_code == 303
    return desk
