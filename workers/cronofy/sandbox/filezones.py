"""The time zones that a file defines itself: what it says of a name is what the name means in it.

Quirk: icalendar takes a name that the zone database has for that zone, though a file may define
London under "GMT".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import icalendar
from icalendar.timezone import tzp
from icalendar.timezone.zoneinfo import ZONEINFO

SAMPLES = 800
"""How many moments of the window two zones are compared at."""


class FileZones(ZONEINFO):
    """The zone database, without the names that a file uses for something else."""

    def __init__(self) -> None:
        super().__init__()
        self.redefined: set[str] = set()

    def knows_timezone_id(self, tzid: str) -> bool:
        return tzid not in self.redefined and super().knows_timezone_id(tzid)


@contextmanager
def of_one_file() -> Iterator[FileZones]:
    """icalendar with no zone of any file before, and of none after. For one file at a time."""
    zones = FileZones()
    tzp.use(zones)
    try:
        yield zones
    finally:
        tzp.use_default()


def learn(zones: FileZones, block: str, since: datetime, until: datetime) -> None:
    """Remember the zone that this VTIMEZONE defines, unless the database has it under that name:
    the same within [since, until). Raises what icalendar raises for one that cannot be read.
    """
    # Reading it remembers the zone, if the database has none of that name.
    component: Any = icalendar.Timezone.from_ical(block)
    known = zones.timezone(component.tz_name)
    if known is None or not zones.knows_timezone_id(component.tz_name):
        return
    own = component.to_tz(lookup_tzid=False)
    # By samples, deliberately: the same rules can be written in many ways. What that misses is a
    # change of the clocks which differs by some hours of one day.
    for at in _moments(since, until):
        if own.utcoffset(at) != known.utcoffset(at):
            zones.redefined.add(component.tz_name)
            tzp.cache_timezone_component(component)
            return


def _moments(since: datetime, until: datetime) -> Iterator[datetime]:
    """Wall times all over the window: noons, but for a window of years."""
    at = since.replace(hour=12, minute=0, tzinfo=None)
    step = max(timedelta(days=1), (until - since) / SAMPLES)
    while at < until.replace(tzinfo=None):
        yield at
        at += step
