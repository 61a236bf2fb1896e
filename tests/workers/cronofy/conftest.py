"""A client of a Cronofy that answers as told, on a clock that only moves when somebody sleeps."""

from collections.abc import Iterator

import pytest
import responses

from tests.workers.cronofy.clocks import Clock
from workers.budget import LocalBudget
from workers.cronofy.client import Cronofy

API, APP = "https://api.cronofy.com", "https://app.cronofy.com"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> LocalBudget:
    return LocalBudget(monotonic=clock.monotonic, sleep=clock.sleep)


@pytest.fixture
def cronofy(clock: Clock, budget: LocalBudget) -> Iterator[Cronofy]:
    client = Cronofy(
        API,
        APP,
        "cid_ours",
        "canary-secret",
        budget,
        monotonic=clock.monotonic,
        wall=lambda: 1_793_664_000.0,  # 2026-11-03T00:00:00Z
        sleep=clock.sleep,
    )
    yield client
    client.close()


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """Answers in the order they are added; the last one of an address is given again and again."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
