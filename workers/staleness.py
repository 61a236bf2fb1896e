"""From how long without a read on a calendar counts as stale: the setting, or longer where the
fleet is so large that Cronofy's calls do not allow to read everybody that often.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from domain import reconciling
from storage.reports import fleet
from storage.schema.database import Database
from storage.schema.outages import Unavailable

# The clock writes the longest turn down once a minute; it changes as slowly as the fleet grows.
LOOKED_AT_EVERY = 60.0


class Staleness:
    """Safe to share between threads: two that look at once learn the same."""

    def __init__(
        self,
        database: Database,
        least: timedelta,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._least = self._known = least
        self._monotonic = monotonic
        self._look_at = 0.0

    def after(self) -> timedelta:
        """As the database knew it within the last minute. While it is away, as it was before."""
        now = self._monotonic()
        if now >= self._look_at:
            # Moved on first: of many requests at once one looks, and the others need not wait.
            self._look_at = now + LOOKED_AT_EVERY
            self._known = self._looked()
        return self._known

    def _looked(self) -> timedelta:
        try:
            longest = fleet.longest_turn(self._database)
        except Unavailable:
            return self._known
        if longest is None:
            return self._least
        return reconciling.stale_after(longest, self._least)
