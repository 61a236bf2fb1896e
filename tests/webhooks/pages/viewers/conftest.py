"""Ada's page, on both kinds of database and on one."""

import pytest

from tests.webhooks.pages.adas_desks import desk, one_desk
from tests.webhooks.pages.viewers.kit import BUSY

__all__ = ["busy", "desk", "one_desk"]


@pytest.fixture
def busy() -> tuple[int, int]:
    """On Wednesday 12:00-14:00 UTC."""
    return BUSY
