"""One look for all who ask within some seconds: however many pages are open, the database is asked
once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from storage.reports.stage_waits import Storm

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class StormLook:
    """How pushes fare. `budget`: seconds until Cronofy could be called; None: nobody knows."""

    storm: Storm
    budget: float | None
    at: datetime


class SharedLook(Generic[Answer]):
    """One for each process; safe to share between threads. It keeps one answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: tuple[float, Answer] | None = None
        self._lock = Lock()

    def get(self, look: Callable[[], Answer]) -> Answer:
        """What was seen lately, or else what `look` sees now; what it raises is not kept."""
        # The race: ten pages ask at once, and each finds the answer too old. The first looks, the
        # others wait for it, as long as a look at the database may last, and find what it saw.
        with self._lock:
            now = time.monotonic()
            if self._kept is None or now >= self._kept[0]:
                self._kept = None
                found = look()
                self._kept = (now + self._seconds, found)
            return self._kept[1]

    def forget(self) -> None:
        """Who asks next looks anew: what was seen has just been changed."""
        # The race: a look that began before the change is kept after it. We wait for it.
        with self._lock:
            self._kept = None
