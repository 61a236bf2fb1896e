"""One read of free/busy, as a refresh asks for it."""

from datetime import date

from domain.freebusy import Reading
from tests.workers.cronofy.conftest import API
from workers.cronofy.client import Cronofy

FIRST = f"{API}/v1/free_busy"
"""Where its first page is."""


def read(cronofy: Cronofy) -> Reading:
    return cronofy.free_busy(
        "at_1", since=date(2026, 11, 1), until=date(2027, 2, 1), zone="Europe/London"
    )
