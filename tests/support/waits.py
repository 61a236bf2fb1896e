"""Waiting for what somebody else is about to do."""

import time
from collections.abc import Callable

MOMENT = 0.02


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Fails if it does not hold within so many seconds: many times what a slow machine takes."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(MOMENT)
