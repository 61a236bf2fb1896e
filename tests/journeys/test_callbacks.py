"""A calendar changes, and the platform is told so, whatever is killed in between. Real processes,
real signals.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.callback_server import SECRET, Platform, platform
from tests.support.processes import LEASE_SECONDS, Town

__all__ = ["platform"]


@pytest.fixture
def telling(
    tmp_path: Path, database_url: str, redis_url: str, platform: Platform
) -> Iterator[Town]:
    """Web, worker and clock at work, and a platform to tell."""
    with processes.raised(tmp_path, database_url, redis_url) as raised:
        raised.environment |= {
            "COACHCAL_CALLBACK_URL": platform.url,
            "COACHCAL_CALLBACK_SECRET": SECRET,
        }
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised


def until_told(platform: Platform, version: int, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    news = ("slots.changed", {"coach_id": "ada", "version": version})
    # And all that was told before, which a clock may tell of in another turn
    while news not in platform.told or ("coach.synced", {"coach_id": "ada"}) not in platform.told:
        assert time.monotonic() < end, f"version {version} not within {seconds} s: {platform.told}"
        time.sleep(0.02)


def test_a_worker_killed_while_it_tells_is_made_up_for_under_the_same_id(
    telling: Town, platform: Platform
) -> None:
    # Given a platform that knows how things are, and does not answer just now
    seat, _ = telling.connect()
    until_told(platform, telling.slots()["version"])
    # News of other types may still come at any moment: which, the clock's turn decides
    before = len(platform.calls_of("slots.changed"))
    platform.answer(platform.hang, to="slots.changed")
    # When a change is being told, and the worker is killed
    start = telling.a_free_time()
    telling.control.add_event(seat.calendars[0], start, start + timedelta(hours=1))
    platform.wait(before + 1, of="slots.changed")
    telling.kill("worker")
    telling.start("worker")
    # Then it is told again, within the lease and what the sweeper takes (on a machine that others
    # use too)
    platform.wait(before + 2, seconds=LEASE_SECONDS + 20, of="slots.changed")
    first, again = platform.calls_of("slots.changed")[before : before + 2]
    assert (first.id, first.body) == (again.id, again.body)
    until_told(platform, telling.slots()["version"])
