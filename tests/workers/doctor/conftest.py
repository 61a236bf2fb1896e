"""A house for the doctor to look at."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.databases import Kind
from tests.support.in_process import House, built


@pytest.fixture
def house(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[House]:
    with built(fresh_database("sqlite"), redis_url) as house:
        yield house
