"""A sandbox with one coach and an empty calendar, whose clock stands at a Monday in
November 2026.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api, api_of
from tests.workers.sandbox.receiver import Receiver
from workers.cronofy.sandbox.seeds import Seed, SeedCalendar

NOW = datetime(2026, 11, 2, 9, 24, 16, tzinfo=UTC)
MIRA = Seed(
    "Mira Example", "mira@school.example", "Europe/London", "google", (SeedCalendar("Mira"),)
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, seeds=[MIRA], page_size=3) as running:
        yield running


@pytest.fixture
def control(sandbox: Sandbox) -> Control:
    return sandbox.control


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return api_of(sandbox, sandbox.accounts[0])


@pytest.fixture
def calendar(sandbox: Sandbox) -> str:
    return sandbox.accounts[0].calendars[0]


@pytest.fixture
def profile(sandbox: Sandbox) -> str:
    return sandbox.accounts[0].profiles[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening
