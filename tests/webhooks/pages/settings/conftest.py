"""Ada at her settings page."""

import pytest

from tests.support.http_client import Desk
from tests.support.settings_page import enter


@pytest.fixture
def csrf(desk: Desk, ada: str) -> str:
    return enter(desk)
