"""What the searches of every order stand on."""

from collections.abc import Iterator

import pytest

from tests.storage.interleavings import Memory


@pytest.fixture
def memory() -> Iterator[Memory]:
    """A database in memory, whose clock stands still."""
    opened = Memory()
    yield opened
    opened.close()
