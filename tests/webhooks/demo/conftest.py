"""The demo's post box, empty."""

from collections.abc import Iterator

import pytest

from tests.domain.letters import NOW
from webhooks.demo.postbox import Postbox


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox.open(now=lambda: NOW) as opened:
        yield opened
